import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoDocument } from '../../src/view/info-json.ts';
import { renderInfoRaw } from '../../src/view/info-raw.ts';
import { now, overview, queue, text, worker } from './looks.ts';

const usual = overview({
  queues: [
    queue('mail', {
      queued: 1200,
      started: 1,
      finished: 40,
      failed: 3,
      canceled: 1,
      oldestAt: now - 2500,
      workers: ['w2', 'w1'],
    }),
    queue('default'),
  ],
  workers: [
    worker('w2', {
      state: 'busy',
      queues: ['mail', 'default'],
      currentJob: { id: 'j1', startedAt: now - 1500 },
      done: 7,
      failed: 1,
    }),
    worker('w1', { queues: ['mail'], pid: null, bornAt: null, lastHeartbeatAt: null }),
  ],
});

// As `rq info --raw` of RQ 2.10 prints them (rq/cli/helpers.py), but sorted.
test('raw lines are RQ’s', () => {
  assert.equal(
    renderInfoRaw(usual),
    text(
      'queue default 0, 0 executing, 0 finished, 0 failed',
      'queue mail 1200, 1 executing, 40 finished, 3 failed',
      'worker w1 (web-1 127.0.0.1:53422 None) idle mail. jobs: 0 finished, 0 failed',
      'worker w2 (web-1 127.0.0.1:53422 4242) busy mail, default. jobs: 7 finished, 1 failed',
    ),
  );
});
test('raw -Q has queues alone', () => {
  assert.equal(
    renderInfoRaw(usual, { onlyQueues: true }),
    text('queue default 0, 0 executing, 0 finished, 0 failed', 'queue mail 1200, 1 executing, 40 finished, 3 failed'),
  );
});
test('raw -W -R has the workers of each queue', () => {
  assert.equal(renderInfoRaw(usual, { onlyWorkers: true, byQueue: true }), text('default: –', 'mail:    w1 (idle), w2 (busy)'));
});
test('raw of nothing is nothing', () => assert.equal(renderInfoRaw(overview()), ''));
test('a name cannot forge a raw line', () => {
  const forged = overview({ queues: [queue('a\nqueue b 9')] });
  assert.equal(renderInfoRaw(forged), 'queue a\\nqueue b 9 0, 0 executing, 0 finished, 0 failed');
});

test('the document has stable names, ISO times and seconds', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(infoDocument(usual))), {
    version: 1,
    kind: 'info',
    read_at: '2026-11-23T15:47:50.000Z',
    suspended: false,
    resumes_in_seconds: null,
    totals: {
      queues: 2,
      queued: 1200,
      started: 1,
      deferred: 0,
      scheduled: 0,
      finished: 40,
      failed: 3,
      canceled: 1,
      workers: 2,
      busy_workers: 1,
    },
    queues: [
      {
        name: 'default',
        queued: 0,
        started: 0,
        deferred: 0,
        scheduled: 0,
        finished: 0,
        failed: 0,
        canceled: 0,
        oldest_at: null,
        oldest_age_seconds: null,
        suspended: false,
        resumes_in_seconds: null,
        workers: [],
      },
      {
        name: 'mail',
        queued: 1200,
        started: 1,
        deferred: 0,
        scheduled: 0,
        finished: 40,
        failed: 3,
        canceled: 1,
        oldest_at: '2026-11-23T15:47:47.500Z',
        oldest_age_seconds: 2.5,
        suspended: false,
        resumes_in_seconds: null,
        workers: ['w1', 'w2'],
      },
    ],
    workers: [
      {
        name: 'w1',
        state: 'idle',
        queues: ['mail'],
        current_job: null,
        done: 0,
        failed: 0,
        host: 'web-1',
        address: '127.0.0.1:53422',
        pid: null,
        version: '0.1.0',
        born_at: null,
        uptime_seconds: null,
        last_heartbeat_at: null,
      },
      {
        name: 'w2',
        state: 'busy',
        queues: ['mail', 'default'],
        current_job: { id: 'j1', started_at: '2026-11-23T15:47:48.500Z', running_seconds: 1.5 },
        done: 7,
        failed: 1,
        host: 'web-1',
        address: '127.0.0.1:53422',
        pid: 4242,
        version: '0.1.0',
        born_at: '2026-11-21T15:47:50.000Z',
        uptime_seconds: 172_800,
        last_heartbeat_at: '2026-11-23T15:47:50.000Z',
      },
    ],
  });
});
