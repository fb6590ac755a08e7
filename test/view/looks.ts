import { Chalk } from 'chalk';
import type { JobDetails, Overview, QueueInfo, WorkerInfo } from '../../src/model.ts';
import { DEFAULT_LIMITS } from '../../src/model.ts';
import type { Look } from '../../src/view/look.ts';

/** The moment at which all of these tests look: 2026-11-23 15:47:50 UTC. */
export const now = Date.UTC(2026, 10, 23, 15, 47, 50);

/** A look: 80 columns, no colour, Unicode, UTC, unless told otherwise. */
export function look({ level = 0, ...rest }: Partial<Look> & { level?: 0 | 1 } = {}): Look {
  return { width: 80, colour: new Chalk({ level }), unicode: true, timeZone: 'UTC', now, ...rest };
}

export function queue(name: string, rest: Partial<QueueInfo> = {}): QueueInfo {
  const counts = { queued: 0, started: 0, deferred: 0, scheduled: 0, finished: 0, failed: 0, canceled: 0 };
  return { name, ...counts, oldestAt: null, suspended: false, resumesInMs: null, workers: [], ...rest };
}

export function worker(name: string, rest: Partial<WorkerInfo> = {}): WorkerInfo {
  const counts = { done: 0, failed: 0 };
  const place = { host: 'web-1', address: '127.0.0.1:53422', pid: 4242, version: '0.1.0' };
  const times = { bornAt: now - 2 * 86_400_000, lastHeartbeatAt: now };
  return { name, state: 'idle', queues: ['default'], currentJob: null, ...counts, ...place, ...times, ...rest };
}

export function overview(rest: Partial<Overview> = {}): Overview {
  return { queues: [], workers: [], suspended: false, resumesInMs: null, readAt: now, ...rest };
}

/** RQ's own example, done. */
export function job(rest: Partial<JobDetails> = {}): JobDetails {
  const ran = { startedAt: now - 122_000, endedAt: now - 120_700, worker: 'web-1.4242' };
  return {
    id: 'a1b2c3d4',
    queue: 'default',
    description: "hello#hello('yangyi')",
    call: { task: 'hello#hello', args: ['yangyi'], kwargs: {} },
    opaque: null,
    limits: DEFAULT_LIMITS,
    createdAt: now - 125_000,
    enqueuedAt: now - 125_000,
    life: { state: 'finished', ...ran },
    attemptCount: 1,
    crashes: 0,
    interruptions: [],
    callbackDue: null,
    expiresAt: null,
    attempts: [{ outcome: 'finished', executionId: 'e1', ...ran, resultJson: '["yangyi","192.168.0.1",1024]', error: null }],
    resultAbsent: null,
    callbackError: null,
    progress: null,
    metaJson: null,
    metaOpaque: null,
    group: null,
    parents: [],
    retriesLeft: 0,
    repeatsLeft: 0,
    stdout: { text: '', cutBytes: 0 },
    stderr: { text: '', cutBytes: 0 },
    forgottenInMs: 500_000,
    readAt: now,
    ...rest,
  };
}

/** Lines as one text: what is expected stays readable in the test. */
export function text(...lines: string[]): string {
  return lines.join('\n');
}

const ESC = '\u001b';

/** A text without its colours; any other escape sequence stays, and is found by {@link commandsIn}. */
export function uncoloured(painted: string): string {
  return painted.replace(new RegExp(`${ESC}\\[\\d+m`, 'g'), '');
}

/** The characters of a text that a terminal would obey, line feeds aside. */
export function commandsIn(shown: string): string[] {
  return shown.match(/(?!\n)\p{Cc}|\u202e/gu) ?? [];
}
