import type { Redis } from 'ioredis';
import { type Db, duplicateDb } from './db.ts';
import { keys } from './keys.ts';

/** Wakes a worker when a job arrives on one of its queues. */
export interface Doorbell {
  /** Resolves when a queue has an id, when `ring` is called, or when `maxMs` is over. */
  wait(maxMs: number): Promise<void>;
  /** Ends a wait at once, or the next one when nobody waits now. */
  ring(): void;
  close(): void;
}

/**
 * Waits without polling: `BLMOVE q q LEFT LEFT` is a peek that moves nothing and is woken by any producer, Python's included, since
 * all they do is push. It blocks its connection, hence one connection for each queue.
 */
export function openDoorbell(db: Db, queues: readonly string[]): Doorbell {
  const watchers = queues.map(queue => ({
    client: duplicateDb(db, PEEK_SECONDS * 1000),
    key: keys.queue(db.prefix, queue),
    pending: null as Promise<void> | null,
    /** Until it is asked again after an error. */
    pauseMs: SHORTEST_PAUSE_MS,
  }));
  let wake: (() => void) | null = null;
  let rung = false;
  const ring = () => {
    if (wake) wake();
    else rung = true;
  };

  const watch = (watcher: (typeof watchers)[number]) => {
    watcher.pending ??= peek(watcher).then(found => {
      watcher.pending = null;
      // An id that is found while nobody waits is found again by the next wait.
      if (found) wake?.();
      else if (wake) watch(watcher);
    });
  };
  return {
    wait: maxMs => {
      if (rung) {
        rung = false;
        return Promise.resolve();
      }
      return new Promise(resolve => {
        const timer = setTimeout(() => wake?.(), maxMs);
        wake = () => {
          clearTimeout(timer);
          wake = null;
          resolve();
        };
        for (const watcher of watchers) watch(watcher);
      });
    },
    ring,
    close: () => {
      ring();
      for (const { client } of watchers) client.disconnect();
    },
  };
}

/** Below common idle timeouts of servers and proxies; a connection whose other end is gone is found out soon after. */
const PEEK_SECONDS = 10;

/** Whether the list has an id, waiting for one up to PEEK_SECONDS. A lost connection comes back by itself and is asked again. */
async function peek(watcher: { readonly client: Redis; readonly key: string; pauseMs: number }): Promise<boolean> {
  const { client, key } = watcher;
  try {
    const found = (await client.blmove(key, key, 'LEFT', 'LEFT', PEEK_SECONDS)) !== null;
    watcher.pauseMs = SHORTEST_PAUSE_MS;
    return found;
  } catch (error) {
    // Unreferenced: a worker that has closed its connection must not wait for it.
    await new Promise(resolve => setTimeout(resolve, watcher.pauseMs * (0.75 + Math.random() / 4)).unref());
    watcher.pauseMs = Math.min(2 * watcher.pauseMs, LONGEST_PAUSE_MS);
    // A user who may not wait on lists looks for jobs now and then.
    return error instanceof Error && error.message.startsWith('NOPERM');
  }
}

const SHORTEST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3000;

/** A message on a worker's control channel (RQ's commands, rq/command.py). */
export type Control =
  | { readonly command: 'shutdown' }
  /** `execution`: the one that is meant; null: whatever runs, as RQ has it. */
  | { readonly command: 'kill-horse'; readonly execution: string | null }
  | { readonly command: 'stop-job'; readonly jobId: string };

/** Who listens on a control channel. */
export interface Listener {
  onControl(control: Control): void;
  /** The timetable of `rqt cron` was changed. */
  onCron(): void;
  /** A callback is due on this queue, see `takeCallback`. */
  onDueCallback(queue: string): void;
  /** The callback that this execution runs counts no more. */
  onCallbackTakenBack(execution: string): void;
  /** The lease of this execution has lapsed, and is about to be lost. */
  onOverdue(execution: string): void;
  /** It listens again after it could not for a while: what was said meanwhile is lost. */
  onAgain(): void;
}

/** An open ear. */
export interface Subscription {
  /** Settles when it hears. */
  readonly listens: Promise<void>;
  close(): void;
}

/** Listens on a worker's control channel; subscribes again after each lost connection. Messages that are no commands are ignored. */
export function subscribe(db: Db, worker: string, listener: Listener): Subscription {
  const client = duplicateDb(db);
  // ioredis would do it by itself, say nothing when that is done, and let nobody hear when it fails, which ends the process.
  client.options.autoResubscribe = false;
  const channel = keys.channel(db.prefix, worker);
  const cronChannel = keys.cronChannel(db.prefix);
  const callbackChannel = keys.callbackChannel(db.prefix);
  const channels = [channel, cronChannel, callbackChannel];
  client.on('message', (from: string, message: string) => {
    if (from === cronChannel) return listener.onCron();
    if (from === callbackChannel) return hearOfCallback(message, listener);
    const control = readControl(message);
    if (control) listener.onControl(control);
  });
  const listens = client.subscribe(...channels).then(() => {
    client.on('ready', again);
  });
  // A subscription waits for no answer: unless something is asked now and then, nobody finds out that its other end is gone.
  const pings = setInterval(
    () => {
      if (client.status === 'ready') client.ping().catch(() => {});
    },
    Math.min(PING_EVERY_MS, client.options.socketTimeout ?? PING_EVERY_MS),
  );
  const again = () => void client.subscribe(...channels).then(listener.onAgain, () => {});
  return {
    listens,
    close: () => {
      clearInterval(pings);
      client.disconnect();
    },
  };
}

const PING_EVERY_MS = 10_000;

/** As tell_workers() in prelude.lua says it. */
function hearOfCallback(message: string, { onDueCallback, onCallbackTakenBack, onOverdue }: Listener): void {
  const { queue, execution, overdue } = readMessage(message) ?? {};
  if (typeof overdue === 'string') onOverdue(overdue);
  if (typeof queue === 'string') onDueCallback(queue);
  if (typeof execution === 'string') onCallbackTakenBack(execution);
}

/** Reads a control message; null for anything that is none. */
export function readControl(message: string): Control | null {
  const { command, job_id: jobId, rqt_execution: execution } = readMessage(message) ?? {};
  if (command === 'shutdown') return { command };
  if (command === 'kill-horse') return { command, execution: typeof execution === 'string' ? execution : null };
  if (command === 'stop-job' && typeof jobId === 'string') return { command, jobId };
  return null;
}

function readMessage(message: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(message);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
