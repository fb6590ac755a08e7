import { escapeUnprintable } from '../../parse/quote.ts';
import { bury, type Db, type Stopped, silentForMs, waitUntilStopped } from '../../store/index.ts';
import { lostNeighbours } from '../../worker/lost-neighbours.ts';
import { type Halt, interrupted } from './in-steps.ts';
import { say } from './io.ts';

/** A running job whose worker was asked to stop it. */
export type Stopping = Omit<Stopped & { readonly kind: 'stopping' }, 'kind'>;

/** `asked`: it was not waited for, or not to the end. `over`: its state, null when it is gone; whether its worker was found dead. */
export type StopEnd =
  | { readonly kind: 'asked' }
  | { readonly kind: 'over'; readonly state: string | null; readonly hadDied: boolean };

/** How to wait for a stop. */
export interface Patience {
  /** False: only a worker of this machine that has died is seen to. */
  readonly waits: boolean;
  /** Whether a person is told what takes so long. */
  readonly tells: boolean;
  readonly halt?: Halt;
}

/** What takes no longer than this needs no explanation. */
const UNTOLD_MS = 2000;

/**
 * Waits until a job that is being stopped is over, or a signal ends that. Of a worker whose process is certainly gone nothing is awaited: it is buried, and
 * the job is stopped with that.
 */
export async function followStop(db: Db, id: string, stopping: Stopping, { waits, tells, halt }: Patience): Promise<StopEnd> {
  if (!waits || halt?.signal) {
    return (await buryWorkerOf(db, id, stopping)) ? { kind: 'over', state: 'stopped', hadDied: true } : { kind: 'asked' };
  }
  const explainAt = performance.now() + UNTOLD_MS;
  let isTold = !tells;
  let hadDied = false;
  const beforeLook = async () => {
    hadDied ||= await buryWorkerOf(db, id, stopping);
    if (hadDied || isTold || performance.now() < explainAt) return;
    isTold = true;
    const line = await explain(db, id, stopping);
    if (!halt?.signal) say(line);
  };
  const over = waitUntilStopped(db, id, stopping, { beforeLook }).then(state => ({ kind: 'over', state, hadDied }) as const);
  const asked = halt?.asked.then(() => ({ kind: 'asked' }) as const);
  return Promise.race(asked ? [over, asked] : [over]);
}

/** Buries the worker of a job if its process is certainly gone; whether that has ended the job. */
async function buryWorkerOf(db: Db, id: string, { worker }: Stopping): Promise<boolean> {
  for (const neighbour of await lostNeighbours(db, [worker])) {
    const swept = await bury(db, neighbour);
    if (swept?.id === id && swept.fate === 'stopped') return true;
  }
  return false;
}

async function explain(db: Db, id: string, stopping: Stopping): Promise<string> {
  const silentMs = await silentForMs(db, id, stopping);
  const silence =
    silentMs === null ? '' : `; if it stays silent, the job is stopped without it within ${Math.ceil(silentMs / 1000)} s`;
  return escapeUnprintable(
    `rqt: waiting for worker ${stopping.worker} to stop job ${id}${silence} (Ctrl-C: not waiting, the stop stays in force)`,
  );
}

/** What an interrupted command has left to others. */
export interface LeftBehind {
  /** Jobs that were asked to stop and waited for. */
  readonly stopping: readonly string[];
  /** How many of the ids come first and were seen to; of how many. */
  readonly done: number;
  readonly total: number;
}

/** Says what was not waited for and what was not done; returns the exit status. */
export function leaveStops(signal: NodeJS.Signals, { stopping, done, total }: LeftBehind): number {
  const [first] = stopping;
  const rest = done < total ? `the first ${done} of ${total} ids were seen to, the others were left alone` : '';
  const what =
    stopping.length === 1 ? `the stop of job ${first} stays in force` : `the stops of ${stopping.length} jobs stay in force`;
  const stops = first === undefined ? '' : `${what}, not waited for (look: rqt status ${first})`;
  return interrupted(signal, [rest, stops].filter(text => text !== '').join('; '));
}
