import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusDocument } from '../../src/view/status-json.ts';
import { job, now } from './looks.ts';

test('the document has every key, ISO times, seconds and the parsed result', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(statusDocument(job()))), {
    version: 1,
    kind: 'job',
    id: 'a1b2c3d4',
    state: 'finished',
    queue: 'default',
    position: null,
    description: "hello#hello('yangyi')",
    task: 'hello#hello',
    args: ['yangyi'],
    kwargs: {},
    opaque: null,
    created_at: '2026-11-23T15:45:45.000Z',
    enqueued_at: '2026-11-23T15:45:45.000Z',
    due_at: null,
    waits_for: null,
    started_at: '2026-11-23T15:45:48.000Z',
    ended_at: '2026-11-23T15:45:49.300Z',
    lease_until: null,
    canceled_at: null,
    cancel_reason: null,
    duration_seconds: 1.3,
    worker: 'web-1.4242',
    attempt_count: 1,
    crashes: 0,
    attempts: [
      {
        outcome: 'finished',
        execution_id: 'e1',
        worker: 'web-1.4242',
        started_at: '2026-11-23T15:45:48.000Z',
        ended_at: '2026-11-23T15:45:49.300Z',
        duration_seconds: 1.3,
        result: ['yangyi', '192.168.0.1', 1024],
        result_text: '["yangyi","192.168.0.1",1024]',
        error: null,
      },
    ],
    interruptions: [],
    result: ['yangyi', '192.168.0.1', 1024],
    result_text: '["yangyi","192.168.0.1",1024]',
    result_absent: null,
    callback_error: null,
    callback_due: null,
    progress: null,
    progress_note: null,
    meta: null,
    group: null,
    depends_on: [],
    retries_left: 0,
    repeats_left: 0,
    error: null,
    stdout: '',
    stdout_cut_bytes: 0,
    stderr: '',
    stderr_cut_bytes: 0,
    timeout_seconds: 180,
    result_ttl_seconds: 500,
    failure_ttl_seconds: 31_536_000,
    ttl_seconds: null,
    expires_at: null,
    forgotten_in_seconds: 500,
    read_at: '2026-11-23T15:47:50.000Z',
  });
});

test('attempts that were cut short are told apart from those that left a result', () => {
  const cut = { why: 'stopped', executionId: 'e0', worker: 'web-2', startedAt: now - 5000, endedAt: now - 3500 } as const;
  assert.deepEqual(statusDocument(job({ interruptions: [cut] })).interruptions, [
    {
      why: 'worker_stopped',
      execution_id: 'e0',
      worker: 'web-2',
      started_at: '2026-11-23T15:47:45.000Z',
      ended_at: '2026-11-23T15:47:46.500Z',
      duration_seconds: 1.5,
    },
  ]);
});

test('every state has the same keys', () => {
  const keys = Object.keys(statusDocument(job()));
  const lives = [
    { state: 'queued', enqueuedAt: now, position: 3 },
    { state: 'deferred', waitsFor: ['a'] },
    { state: 'other', name: 'rate_limited' },
  ] as const;
  for (const life of lives) assert.deepEqual(Object.keys(statusDocument(job({ life, attempts: [] }))), keys);
});

test('a running job has its duration so far', () => {
  const life = { state: 'started', startedAt: now - 1500, worker: 'w', leaseUntil: now + 1000 } as const;
  const { duration_seconds, lease_until, worker } = statusDocument(job({ life, attempts: [] }));
  assert.deepEqual([duration_seconds, lease_until, worker], [1.5, '2026-11-23T15:47:51.000Z', 'w']);
});

const results: [what: string, json: string, result: unknown][] = [
  ['a result that is no JSON is null', '[nope]', null],
  ['an integer beyond 2^53 is exact', '12345678901234567890', 12345678901234567890n],
  ['a result too deep for any reader is null', '['.repeat(9000) + ']'.repeat(9000), null],
];
for (const [what, json, result] of results) {
  test(`${what}, and its text is whole`, () => {
    const [only] = job().attempts;
    assert.ok(only);
    const document = statusDocument(job({ attempts: [{ ...only, resultJson: json }] }));
    assert.deepEqual([document.result, document.result_text], [result, json]);
  });
}
