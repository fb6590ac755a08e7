import { hostname } from 'node:os';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { createPool } from '../executor/index.ts';
import { type Db, openDoorbell, ownAddress, register, unregister, type WorkerEntry } from '../store/index.ts';
import { startConnectionWatch } from './connection-watch.ts';
import { startControl } from './control.ts';
import { startHeartbeat, startOutputKeeper } from './heartbeat.ts';
import { loop } from './loop.ts';
import type { WorkerEnd, WorkerOptions } from './options.ts';
import { untilDone } from './patience.ts';
import { startScheduler } from './scheduler.ts';
import { startSignals } from './signals.ts';
import type { Companion, Slot } from './slot.ts';
import { startSweeper, sweepQueues } from './sweeper.ts';

const MAX_RESULT_BYTES = 2 ** 20;

/** A worker's life: boot, register, listen, work, and unregister at the end, whatever the end was. */
export async function runWorker(db: Db, options: WorkerOptions): Promise<WorkerEnd> {
  const entry = await registerAs(db, options);
  const slot = createSlot(db, options, entry);
  const companions: Companion[] = [startSignals(slot)];
  try {
    options.log({ event: 'started', worker: entry.name, pid: entry.pid, version: options.version });
    options.log({ event: 'subscribing', worker: entry.name, channel: `${db.prefix}:pubsub:${entry.name}` });
    companions.push(await startControl(slot));
    options.log({ event: 'listening', worker: entry.name, queues: options.queues });
    for (const queue of options.queues) options.log({ event: 'cleaning', worker: entry.name, queue });
    slot.pool.warm();
    await sweepQueues(slot);
    companions.push(
      startConnectionWatch(slot),
      startHeartbeat(slot),
      startOutputKeeper(slot),
      startSweeper(slot),
      startScheduler(slot),
    );
    const end = { ...(await loop(slot)), signal: slot.signal };
    options.log({ event: 'quitting', worker: entry.name, why: end.why, done: end.done, failed: end.failed });
    return end;
  } finally {
    slot.doorbell.close();
    await slot.pool.close();
    await untilDone(
      () => unregister(db, entry),
      () => {},
    ).catch(() => {});
    for (const companion of companions) await companion.stop();
  }
}

function createSlot(db: Db, options: WorkerOptions, entry: WorkerEntry): Slot {
  const slot: Slot = {
    db,
    options,
    entry,
    doorbell: openDoorbell(db, options.queues),
    running: null,
    asked: 'nothing',
    signal: null,
    connectedAt: 0,
    pool: createPool({
      script: options.executorScript,
      taskRoots: options.taskRoots,
      shippedTasks: options.shippedTasks,
      isolate: options.isolate,
      graceMs: options.graceMs,
      maxResultBytes: MAX_RESULT_BYTES,
      ...(options.allowShell && { env: { RQT_ALLOW_SHELL: '1' } }),
      onOutput: (call, stream, chunk) => {
        slot.running?.capture.add(stream, chunk);
        return options.onOutput(call, stream, chunk);
      },
      onRetired: reason => options.log({ event: 'debug', text: `executor replaced: ${reason}` }),
    }),
  };
  return slot;
}

/** A name of the user's is taken or refused; one of our own is made unique. */
async function registerAs(db: Db, options: WorkerOptions): Promise<WorkerEntry> {
  const host = hostname();
  const address = await ownAddress(db);
  const base = options.name ?? `${host.replace(/[^A-Za-z0-9_.-]/g, '-')}.${process.pid}`;
  for (let serial = 1; ; serial += 1) {
    const name = serial === 1 ? base : `${base}.${serial}`;
    const entry = {
      name,
      queues: options.queues,
      pid: process.pid,
      hostname: host,
      address,
      version: options.version,
      ttlMs: options.workerTtlMs,
    };
    if ((await register(db, entry)) === 'registered') return entry;
    if (options.name !== undefined) {
      throw new RqtError(
        'tryAgain',
        `a worker named ${name} is alive; choose another --name, or wait until Redis has forgotten it (look: rqt info -W)`,
      );
    }
  }
}

/** The exit status of an ended worker: a burst answers whether all went well, a lasting one was asked to end. */
export function exitStatusOfWorker(end: WorkerEnd, burst: boolean): number {
  if (end.why === 'suspended') return EXIT_STATUS.tryAgain;
  return burst && end.failed > 0 ? EXIT_STATUS.no : 0;
}
