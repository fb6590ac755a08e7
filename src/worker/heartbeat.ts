import { type ClaimedJob, handOn, keepOutput, type Renewal, reasonOf, register, renew } from '../store/index.ts';
import { askToStop, type Companion, type Slot, stopRunning } from './slot.ts';

/** Beats three times a lease, so that one lost beat costs nothing; keeps the worker known and its job's lease alive. */
export function startHeartbeat(slot: Slot): Companion {
  let again: NodeJS.Timeout | undefined;
  const beatOrRetry = async () => {
    clearTimeout(again);
    const heard = await beat(slot);
    // Soon, and not all at once: when Redis takes it again the lease may have lapsed.
    if (!heard && !stopped) again = setTimeout(() => void beatOrRetry(), RETRY_MS * (0.75 + Math.random() / 4));
  };
  let stopped = false;
  const timer = setInterval(() => void beatOrRetry(), slot.options.leaseMs / 3);
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
      clearTimeout(again);
    },
  };
}

const RETRY_MS = 3000;

/** Keeps the worker known and its job's lease alive, and does what was asked of it while it did not hear. Says whether Redis took it. */
export async function beat(slot: Slot): Promise<boolean> {
  const { options, entry, running } = slot;
  const job = running?.job ?? null;
  try {
    const { kind, shutdown } = await renewKnown(slot, job);
    unheard.delete(slot);
    if (shutdown) askToStop(slot, 'warm');
    // What was true when the beat was sent may be over when it is answered.
    if (!job || slot.running?.job.execution !== job.execution) return true;
    if (kind === 'stop' || kind === 'kill') stopRunning(slot, kind);
    if (kind === 'lost') {
      options.log({ event: 'lease_lost', queue: job.queue, jobId: job.id });
      stopRunning(slot, 'lost');
    }
    return true;
  } catch (error) {
    const isNews = error instanceof Error && error.name === 'ReplyError' && !unheard.has(slot);
    if (isNews) unheard.add(slot);
    const text = `Redis does not take the heartbeat of worker ${entry.name}, trying again: ${reasonOf(error)}`;
    options.log({ event: isNews ? 'warning' : 'debug', text });
    return false;
  }
}

/** Redis may have forgotten the worker. It beats again then, as its next heartbeat may be too late for the lease of its job. */
async function renewKnown({ db, options, entry }: Slot, job: ClaimedJob | null): Promise<Renewal> {
  const { workerTtlMs, leaseMs } = options;
  const once = () => renew(db, { worker: entry.name, workerTtlMs, leaseMs, job });
  const renewal = await once();
  if (renewal.kind !== 'unregistered') return renewal;
  await register(db, entry, true);
  return once();
}

/** Workers whose last heartbeat was refused, which was told once. */
const unheard = new WeakSet<Slot>();

const FLUSH_MS = 250;

/** Brings what a running job has written to Redis four times a second: `rqt logs -f` and `rqt status` show it meanwhile. */
export function startOutputKeeper(slot: Slot): Companion {
  const timer = setInterval(() => void flush(slot), FLUSH_MS);
  return { stop: () => clearInterval(timer) };
}

async function flush(slot: Slot): Promise<void> {
  const { db, running, options } = slot;
  if (!running) return;
  try {
    await handOnNow(slot);
    await running.capture.flush(output => keepOutput(db, running.job, output));
  } catch (error) {
    options.log({ event: 'debug', text: `output of ${running.job.id}: ${String(error)}` });
  }
}

/** For a job that writes more than may wait: those who wait for it get what it wrote at once. */
export async function handOnNow({ db, running, options }: Slot): Promise<void> {
  if (!running) return;
  const { capture, job } = running;
  try {
    await capture.live?.flush(output => handOn(db, job, output));
  } catch (error) {
    options.log({ event: 'debug', text: `output of ${job.id}: ${String(error)}` });
  }
}
