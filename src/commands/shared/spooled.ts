import { readdirSync } from 'node:fs';
import type { Config } from '../../config.ts';
import type { Db } from '../../store/index.ts';
import type { WorkerOptions } from '../../worker/index.ts';

/** How many files of jobs wait in the spool of this Redis and namespace. */
export function countSpooled({ spoolFolder }: Config): number {
  if (spoolFolder === null) return 0;
  try {
    return readdirSync(spoolFolder).filter(name => name.endsWith('.json')).length;
  } catch {
    return 0;
  }
}

/**
 * Sends what waits in the spool, each job once whoever else sends it at the same time; `tell` gets a line for what went wrong. Never throws: a Redis
 * that does not take it now gets it the next time. Costs a look into a folder when nothing waits. Returns how many jobs were sent.
 */
export async function sendSpooled(db: Db, config: Config, tell: (text: string) => void): Promise<number> {
  if (config.spoolFolder === null || countSpooled(config) === 0) return 0;
  const { sendAll } = await import('../../store/spool/index.ts');
  const { sent, problems } = await sendAll(db, config.spoolFolder);
  for (const problem of problems) tell(problem);
  return sent;
}

/** Sends what waits in the spool now, then as often as the worker looks after its queues, and when its connection has come back. */
export async function startSpoolSender(
  db: Db,
  config: Config,
  { sweepEveryMs, log }: Pick<WorkerOptions, 'sweepEveryMs' | 'log'>,
): Promise<{ stop(): void }> {
  let isSending = false;
  const send = async () => {
    if (isSending) return;
    isSending = true;
    const sent = await sendSpooled(db, config, text => log({ event: 'warning', text }));
    if (sent > 0) log({ event: 'note', text: `${sent === 1 ? 'a spooled job was' : `${sent} spooled jobs were`} sent` });
    isSending = false;
  };
  const onTime = () => void send();
  await send();
  const timer = setInterval(onTime, sweepEveryMs);
  db.client.on('ready', onTime);
  return {
    stop: () => {
      clearInterval(timer);
      db.client.off('ready', onTime);
    },
  };
}
