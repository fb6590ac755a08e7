import { hostname } from 'node:os';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { createPool } from '../executor/index.ts';
import { failpoint } from '../failpoint.ts';
import {
  type Db,
  openDoorbell,
  ownAddress,
  passedOver,
  passWrongTypes,
  register,
  unregister,
  type WorkerEntry,
} from '../store/index.ts';
import { startAbandonment } from './abandon.ts';
import { type ConnectionWatch, watchConnection } from './connection-watch.ts';
import { startControl } from './control.ts';
import { handOnNow, startHeartbeat, startOutputKeeper } from './heartbeat.ts';
import { warnOfLeft } from './left-behind.ts';
import { loop } from './loop.ts';
import type { WorkerEnd, WorkerOptions } from './options.ts';
import { ownProcess } from './own-process.ts';
import { untilDone } from './patience.ts';
import { fulfil } from './requests.ts';
import { startScheduler } from './scheduler.ts';
import { Shift } from './shift.ts';
import { catchEarlySignals, startSignals } from './signals.ts';
import { askToStop, type Companion, type Slot } from './slot.ts';
import { buryNeighbours, startSweeper, sweepAll } from './sweeper.ts';

const MAX_RESULT_BYTES = 2 ** 20;

/**
 * Runs a worker, or with a concurrency above 1 as many of them in one process: slots that share a connection, a tally and what they are
 * asked for by signals. Slots of a name have a number behind it.
 */
export async function runWorker(db: Db, options: WorkerOptions): Promise<WorkerEnd> {
  const { concurrency } = options;
  const shift = new Shift(options);
  process.setMaxListeners(Math.max(10, 6 * concurrency));
  db.client.setMaxListeners(Math.max(10, 6 * concurrency));
  passWrongTypes(db, key => options.log({ event: 'warning', text: passedOver(key) }));
  const connection = watchConnection(db, baseName(options), options.log);
  let ends: SlotEnd[];
  try {
    ends = await untilAllEnded(await startSlots(db, options, shift, connection), shift);
  } finally {
    connection.stop();
  }
  const why = ORDER_OF_REASONS.find(reason => ends.some(end => end.why === reason)) ?? 'done';
  return {
    why,
    done: shift.tally.done,
    failed: shift.tally.failed,
    signal: ends.find(({ signal }) => signal !== null)?.signal ?? null,
    withoutRedis: ends.some(({ withoutRedis }) => withoutRedis),
    dropsEnd: ends.some(({ dropsEnd }) => dropsEnd),
  };
}

/** What ends one slot tells more of the whole than what ends another. */
const ORDER_OF_REASONS: readonly WorkerEnd['why'][] = [
  'suspended',
  'unsettled',
  'failures',
  'stopped',
  'max_jobs',
  'idle',
  'done',
];

type SlotEnd = Omit<WorkerEnd, 'done' | 'failed'>;

/** Waits for all slots, also when one of them fails: the others then finish their jobs first. */
async function untilAllEnded(slots: readonly Promise<SlotEnd>[], shift: Shift): Promise<SlotEnd[]> {
  const stopOthers = () => shift.callOff(slot => askToStop(slot, 'warm'));
  for (const slot of slots) slot.catch(stopOthers);
  await Promise.allSettled(slots);
  return Promise.all(slots);
}

/** Registers all slots and starts them. */
async function startSlots(
  db: Db,
  options: WorkerOptions,
  shift: Shift,
  connection: ConnectionWatch,
): Promise<Promise<SlotEnd>[]> {
  const early = catchEarlySignals();
  try {
    const entries = await registerAll(db, options);
    return entries.map(entry => runSlot(createSlot(db, options, entry, connection), shift, early.first));
  } finally {
    early.stop();
  }
}

/** A registered worker's life: listen, work, and unregister at the end, whatever the end was. `early`: a signal that came before. */
async function runSlot(slot: Slot, shift: Shift, early: NodeJS.Signals | null): Promise<SlotEnd> {
  const { options, entry } = slot;
  shift.join(slot);
  const signals = startSignals(slot, early);
  const abandonment = startAbandonment(slot);
  const companions: Companion[] = [];
  const { tally } = shift;
  try {
    const why = await Promise.race([live(slot, shift, companions), abandonment.happened]);
    options.log({ event: 'quitting', worker: entry.name, why, done: tally.done, failed: tally.failed, waiting: tally.waiting });
    return { why, signal: slot.signal, withoutRedis: slot.abandoned, dropsEnd: slot.abandoned && slot.unkept !== null };
  } finally {
    shift.leave(slot);
    slot.doorbell.close();
    await slot.pool.close();
    for (const companion of companions) await companion.stop();
    // From here on a Redis that is gone is not waited for.
    slot.stopAsked.abort();
    await Promise.race([sayGoodbye(slot), abandonment.happened]);
    await abandonment.stop();
    await signals.stop();
  }
}

/** Listens, cleans up and works until there is a reason to end. */
async function live(slot: Slot, shift: Shift, companions: Companion[]): Promise<WorkerEnd['why']> {
  const { db, entry, options } = slot;
  options.log({ event: 'started', worker: entry.name, pid: entry.pid, version: options.version });
  options.log({ event: 'subscribing', worker: entry.name, channel: `${db.prefix}:pubsub:${entry.name}` });
  const scheduler = startScheduler(slot);
  const control = startControl(slot, scheduler);
  companions.push(scheduler, control, startHeartbeat(slot), startOutputKeeper(slot), startSweeper(slot, shift));
  await control.listens;
  if (__FAILPOINTS__) failpoint('worker.listens');
  options.log({ event: 'listening', worker: entry.name, queues: options.queues });
  for (const queue of options.queues) options.log({ event: 'cleaning', worker: entry.name, queue });
  slot.pool.warm();
  scheduler.look();
  await sweepAll(slot, shift);
  return loop(slot, shift);
}

async function sayGoodbye(slot: Slot): Promise<void> {
  try {
    await untilDone(
      slot,
      () => unregister(slot.db, slot.entry),
      () => {},
    );
  } catch {
    // What ended the worker may keep it from this, too: then Redis forgets it in time.
  }
}

function createSlot(db: Db, options: WorkerOptions, entry: WorkerEntry, connection: ConnectionWatch): Slot {
  const slot: Slot = {
    db,
    options,
    entry,
    doorbell: openDoorbell(db, options.queues),
    running: null,
    holdsJob: false,
    unkept: null,
    connection,
    abandoned: false,
    stopAsked: new AbortController(),
    asked: 'nothing',
    signal: null,
    hasDueCallbacks: false,
    overdueUntil: null,
    pool: createPool({
      script: options.executorScript,
      taskRoots: options.taskRoots,
      shippedTasks: options.shippedTasks,
      isolate: options.isolate,
      graceMs: options.graceMs,
      maxResultBytes: MAX_RESULT_BYTES,
      ...(options.maxMemoryBytes !== null && { maxRssBytes: options.maxMemoryBytes }),
      ...(options.recycleAfter !== null && { recycleAfter: options.recycleAfter }),
      // Said either way: the worker's own environment may have it, and a flag goes before that.
      env: { RQT_ALLOW_SHELL: options.allowShell ? '1' : '' },
      onOutput: (call, stream, chunk) => {
        const shown = options.onOutput(call, stream, chunk);
        const handedOn = slot.running?.capture.add(stream, chunk);
        if (!handedOn) return shown;
        void handOnNow(slot);
        return Promise.all([shown, handedOn]).then(() => {});
      },
      onRequest: (call, request) => fulfil(slot, call, request),
      onLeft: warnOfLeft(options),
      onRetired: reason => options.log({ event: 'debug', text: `executor replaced: ${reason}` }),
    }),
  };
  return slot;
}

/** Registers all slots before any of them takes a job, or none. */
async function registerAll(db: Db, options: WorkerOptions): Promise<WorkerEntry[]> {
  const entries: WorkerEntry[] = [];
  try {
    const address = await ownAddress(db);
    while (entries.length < options.concurrency)
      entries.push(await registerAs(db, options, address, nameOfSlot(options, entries.length)));
    return entries;
  } catch (error) {
    await Promise.allSettled(entries.map(entry => unregister(db, entry)));
    throw error;
  }
}

function nameOfSlot(options: WorkerOptions, index: number): string {
  const base = baseName(options);
  return options.concurrency === 1 ? base : `${base}.${index + 1}`;
}

function baseName({ name }: WorkerOptions): string {
  return name ?? `${hostname().replace(/[^A-Za-z0-9_.-]/g, '-')}.${process.pid}`;
}

/** A name of the user's is taken or refused; one of our own is made unique. */
async function registerAs(db: Db, options: WorkerOptions, address: string, base: string): Promise<WorkerEntry> {
  const host = hostname();
  for (let serial = 1; ; serial += 1) {
    const name = serial === 1 ? base : `${base}.${serial}`;
    const entry = {
      name,
      queues: options.queues,
      pid: process.pid,
      hostname: host,
      address,
      version: options.version,
      process: ownProcess()?.full ?? null,
      ttlMs: options.workerTtlMs,
    };
    if ((await register(db, entry)) === 'registered') return entry;
    // The one that had the name may have been killed a moment ago.
    await buryNeighbours({ db, options });
    if ((await register(db, entry)) === 'registered') return entry;
    if (options.name !== undefined) {
      throw new RqtError(
        'tryAgain',
        `a worker named ${name} is alive; choose another --name, or wait until Redis has forgotten it (look: rqt info -W)`,
      );
    }
  }
}

/** The exit status of an ended worker: a burst, or one that failures have ended, answers whether all went well; a lasting one was asked to end. */
export function exitStatusOfWorker(end: WorkerEnd, burst: boolean): number {
  if (end.why === 'suspended' || end.why === 'unsettled') return EXIT_STATUS.tryAgain;
  if (end.why === 'failures') return EXIT_STATUS.no;
  return burst && end.failed > 0 ? EXIT_STATUS.no : 0;
}
