import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLog, type LogEvent, levelOf } from '../../src/view/log.ts';
import { look, now, text } from './looks.ts';

const at = now + 123;
const ofJob = { at, queue: 'default', jobId: '3f0c7d0e-9a43-4f0e-b7ff-0a1b2c3d4e5f' };
const ofWorker = { at, worker: 'web-1.17' };
const trace = 'TypeError: x\n    at a (b.ts:1:2)';

const told: [LogEvent, string][] = [
  [{ ...ofWorker, event: 'started', pid: 17, version: '0.1.0' }, 'Worker web-1.17: started with PID 17, version 0.1.0'],
  [{ ...ofWorker, event: 'subscribing', channel: 'rq:pubsub:w' }, 'Worker web-1.17: subscribing to channel rq:pubsub:w'],
  [{ ...ofWorker, event: 'listening', queues: ['high', 'default'] }, '*** Listening on high, default...'],
  [{ ...ofWorker, event: 'cleaning', queue: 'high' }, 'Worker web-1.17: cleaning registries for queue: high'],
  [{ ...ofJob, event: 'job_started', description: "m#f('x')", attempt: 1 }, `default: m#f('x') (${ofJob.jobId})`],
  [{ ...ofJob, event: 'job_started', description: 'm#f()', attempt: 2 }, `default: m#f() (${ofJob.jobId}) attempt 2`],
  [{ ...ofJob, event: 'job_ok', durationMs: 1300 }, `default: Job OK (${ofJob.jobId}) in 1.3 s`],
  [{ ...ofJob, event: 'result_kept', ttlMs: 500_000 }, 'Result is kept for 500 seconds'],
  [{ ...ofJob, event: 'result_kept', ttlMs: 1000 }, 'Result is kept for 1 second'],
  [{ ...ofJob, event: 'result_kept', ttlMs: 0 }, 'Result is deleted at once'],
  [{ ...ofJob, event: 'result_kept', ttlMs: null }, 'Result is kept for ever'],
  [{ ...ofJob, event: 'result_absent', reason: 'a BigInt' }, `default: Job has no result (${ofJob.jobId}): a BigInt`],
  [
    { ...ofJob, event: 'job_retried', reason: 'Error: x', delayMs: 5000, retriesLeft: 1, asked: null, askedMax: null },
    `default: Job will be retried (${ofJob.jobId}) in 5 s, 1 retry left: Error: x`,
  ],
  [
    { ...ofJob, event: 'job_retried', reason: 'Retry: closed', delayMs: 1000, retriesLeft: 0, asked: 3, askedMax: 10 },
    `default: Job will be retried (${ofJob.jobId}) in 1 s, as its task asked (3 of 10 times): Retry: closed`,
  ],
  [
    { ...ofJob, event: 'job_retried', reason: 'Retry: closed', delayMs: 0, retriesLeft: 0, asked: 3, askedMax: null },
    `default: Job will be retried (${ofJob.jobId}) at once, as its task asked: Retry: closed`,
  ],
  [{ ...ofJob, event: 'job_stopped' }, `default: Job stopped by user (${ofJob.jobId})`],
  [{ ...ofJob, event: 'job_put_back', reason: 'cold shut down' }, `default: Job put back (${ofJob.jobId}): cold shut down`],
  [{ ...ofWorker, event: 'warm_shutdown', pid: 17 }, 'Worker web-1.17 [PID 17]: warm shut down requested'],
  [{ ...ofWorker, event: 'cold_shutdown' }, 'Worker web-1.17: cold shut down'],
  [{ ...ofWorker, event: 'suspended', queues: [] }, 'Worker web-1.17: suspended, run `rqt resume` to resume'],
  [
    { ...ofWorker, event: 'suspended', queues: ['a', 'b'] },
    'Worker web-1.17: queues a, b suspended, run `rqt resume a b` to resume',
  ],
  [{ ...ofWorker, event: 'redis_again', afterMs: 2100 }, 'Worker web-1.17: Redis connection is back after 2.1 s'],
  [{ at, event: 'note', text: 'two\nlines' }, 'two\\nlines'],
  [
    { ...ofWorker, event: 'quitting', why: 'done', done: 1, failed: 2, waiting: 0 },
    'Worker web-1.17: done, quitting (1 job done, 2 failed)',
  ],
  [
    { ...ofWorker, event: 'quitting', why: 'done', done: 1, failed: 2, waiting: 1 },
    'Worker web-1.17: done, quitting (1 job done, 1 failed, 1 waiting for a retry)',
  ],
];
for (const [event, expected] of told) {
  test(`${event.event} says: ${expected}`, () => assert.equal(formatLog('text', event, look()), `15:47:50.123 ${expected}`));
}

test('a failure brings the task’s own stack trace, without saying the reason twice', () => {
  const event = { ...ofJob, event: 'job_failed', reason: 'TypeError: x', trace, durationMs: 12 } as const;
  assert.equal(
    formatLog('text', event, look()),
    text(`15:47:50.123 default: Job failed (${ofJob.jobId}) after 12 ms: TypeError: x`, '        at a (b.ts:1:2)'),
  );
});

test('a job’s output is marked with its id, line by line, and made harmless', () => {
  const event = { ...ofJob, event: 'output', stream: 'stdout', text: 'Hello\n\u001b[2Jthere\n' } as const;
  assert.equal(formatLog('text', event, look()), text('15:47:50.123 3f0c7d0e | Hello', '15:47:50.123 3f0c7d0e | there'));
});
test('stderr has a mark of its own, and a short id is whole', () => {
  const event = { ...ofJob, jobId: 'nightly-1', event: 'output', stream: 'stderr', text: 'oops' } as const;
  assert.equal(formatLog('text', event, look()), '15:47:50.123 nightly-1 ! oops');
});

test('the colours are RQ’s: the queue green, the job blue; and a failure is red', () => {
  const started = { ...ofJob, event: 'job_started', description: 'm#f()', attempt: 1 } as const;
  assert.ok(formatLog('text', started, look({ level: 1 })).includes('\u001b[32mdefault\u001b[39m: \u001b[34mm#f()\u001b[39m'));
  const failed = { ...ofJob, event: 'job_failed', reason: 'no', trace: '', durationMs: 1 } as const;
  assert.ok(formatLog('text', failed, look({ level: 1 })).includes('\u001b[31mJob failed\u001b[39m'));
});

test('JSON is one object on one line, in snake case and seconds', () => {
  const event = { ...ofJob, event: 'job_failed', reason: 'TypeError: x', trace, durationMs: 12 } as const;
  assert.equal(
    formatLog('json', event, look({ level: 1 })),
    '{"version":1,"kind":"log_event","time":"2026-11-23T15:47:50.123Z","level":"error","event":"job_failed","queue":"default",' +
      `"job_id":"${ofJob.jobId}","reason":"TypeError: x","trace":"TypeError: x\\n    at a (b.ts:1:2)","duration_seconds":0.012}`,
  );
});
test('JSON tells a ttl of none as null', () => {
  assert.match(formatLog('json', { ...ofJob, event: 'result_kept', ttlMs: null }, look()), /"ttl_seconds":null}$/);
});

const levels: [LogEvent, string][] = [
  [{ at, event: 'debug', text: '' }, 'debug'],
  [{ ...ofJob, event: 'job_ok', durationMs: 1 }, 'info'],
  [{ ...ofJob, event: 'late_result_dropped' }, 'warn'],
  [{ ...ofJob, event: 'job_failed', reason: '', trace: '', durationMs: 1 }, 'error'],
];
for (const [event, level] of levels) {
  test(`${event.event} is of level ${level}`, () => assert.equal(levelOf(event), level));
}
