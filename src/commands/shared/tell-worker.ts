import { EXIT_STATUS } from '../../errors.ts';
import { type Db, type Told, workerNames } from '../../store/index.ts';
import { print, say } from './io.ts';
import { unknownWorker } from './unknown.ts';

/** What is said to workers, and how its effect is told. */
export interface Telling {
  readonly workers: readonly string[];
  readonly tell: (db: Db, worker: string) => Promise<Told>;
  /** Of the JSON documents. */
  readonly kind: 'shutdown' | 'killed';
  readonly json: boolean;
  /** What a worker that heard does. */
  readonly sentence: (worker: string, jobId: string | null) => string;
}

/** Tells each worker, whatever the others answered. Returns the exit status: 66 no such worker, 75 one of RQ's does not listen now, 1 it runs nothing. */
export async function tellWorkers(db: Db, telling: Telling): Promise<number> {
  let worst = 0;
  for (const worker of telling.workers) {
    const told = await telling.tell(db, worker);
    const { status, text } = await readTold(db, worker, told, telling);
    if (telling.json) {
      const killed = { job_id: told.kind === 'told' ? told.jobId : null };
      const { kind } = telling;
      print(JSON.stringify({ version: 1, kind, worker, told: told.kind === 'told', ...(kind === 'killed' && killed) }));
    }
    if (status !== 0) say(`rqt: ${text}`);
    else if (!telling.json) print(text);
    worst = Math.max(worst, status);
  }
  return worst;
}

async function readTold(db: Db, worker: string, told: Told, { sentence }: Telling): Promise<{ status: number; text: string }> {
  switch (told.kind) {
    case 'missing':
      return { status: EXIT_STATUS.missing, text: unknownWorker(worker, await workerNames(db)) };
    case 'idle':
      return { status: EXIT_STATUS.no, text: `worker ${worker} runs nothing now` };
    case 'told': {
      if (told.listens) return { status: 0, text: sentence(worker, told.jobId) };
      if (told.remembers) return { status: 0, text: `${sentence(worker, told.jobId)}, as soon as it is connected again` };
      return {
        status: EXIT_STATUS.tryAgain,
        text: `worker ${worker} does not listen now, and RQ's workers hear only what is said while they do: try again`,
      };
    }
  }
}
