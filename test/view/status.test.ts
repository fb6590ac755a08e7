import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, DEFAULT_LIMITS, type JobDetails } from '../../src/model.ts';
import { renderStatus } from '../../src/view/status.ts';
import { commandsIn, job, look, now, text, uncoloured } from './looks.ts';

const trace =
  'TypeError: no name\nTypeError: no name\n    at workat (/srv/tasks/hello.ts:12:9)\n  [cause]: Error: inner\n      at q (q.ts:1:1)';
const ran = { startedAt: now - 122_000, endedAt: now - 120_700, worker: 'web-1.4242' };

function attempt(rest: Partial<Attempt>): Attempt {
  return { outcome: 'failed', executionId: 'e', ...ran, resultJson: null, error: null, ...rest };
}

/** The line of a status with that label, or undefined. */
function lineOf(label: string, details: JobDetails, width = 80): string | undefined {
  return renderStatus(details, look({ width }))
    .split('\n')
    .find(line => line.startsWith(`  ${label} `) || line === `  ${label}`);
}

test('a finished job tells what it was, when it ran and what it returned', () => {
  const details = job({ stdout: { text: 'Hello, yangyi\n', cutBytes: 0 } });
  assert.equal(
    renderStatus(details, look()),
    text(
      'a1b2c3d4  ✓ finished',
      "  task        hello#hello('yangyi')",
      '  queue       default',
      '  created     2026-11-23 15:45:45 UTC  2 min ago',
      '  enqueued    2026-11-23 15:45:45      2 min ago',
      '  started     2026-11-23 15:45:48      2 min ago',
      '  ended       2026-11-23 15:45:49      2 min ago',
      '  duration    1.3 s',
      '  worker      web-1.4242',
      '  result      ["yangyi","192.168.0.1",1024]',
      '  kept        forgotten in 8 min 20 s',
      '  stdout',
      '    Hello, yangyi',
    ),
  );
});

test('a failed job tells its attempts, its reason, its own stack trace and its last lines of output', () => {
  const details = job({
    life: { state: 'failed', ...ran },
    description: 'nightly mail',
    call: { task: 'mail#send', args: ['x'.repeat(90), { k: [1, 2] }], kwargs: { subject: 'hi', n: null } },
    limits: { timeoutMs: 300_000, resultTtlMs: null, failureTtlMs: 0, ttlMs: 60_000 },
    attemptCount: 3,
    crashes: 1,
    attempts: [attempt({ outcome: 'retried', error: trace }), attempt({ outcome: 'out of retries', error: trace })],
    interruptions: [
      { why: 'died', executionId: 'e0', worker: 'web-2.7', startedAt: ran.startedAt - 60_000, endedAt: ran.startedAt - 30_000 },
    ],
    stdout: { text: Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n'), cutBytes: 1_300_000 },
    stderr: { text: 'deprecated\n', cutBytes: 0 },
    forgottenInMs: null,
  });
  assert.equal(
    renderStatus(details, look({ timeZone: 'Europe/Berlin' })),
    text(
      'a1b2c3d4  ✗ failed',
      '  task        mail#send',
      `  arguments   1: "${'x'.repeat(61)}…`,
      '              2: {"k":[1,2]}',
      '              n=null',
      '              subject="hi"',
      '  about       nightly mail',
      '  queue       default',
      '  created     2026-11-23 16:45:45 +01:00  2 min ago',
      '  enqueued    2026-11-23 16:45:45         2 min ago',
      '  started     2026-11-23 16:45:48         2 min ago',
      '  ended       2026-11-23 16:45:49         2 min ago',
      '  duration    1.3 s',
      '  worker      web-1.4242',
      '  crashes     its worker died under it once',
      '  attempts    3',
      '    ↯ interrupted     2026-11-23 16:44:48  30 s  worker web-2.7 died',
      '    ✗ retried         2026-11-23 16:45:48  1.3 s  TypeError: no name',
      '    ✗ out of retries  2026-11-23 16:45:48  1.3 s',
      '  error       TypeError: no name',
      '      at workat (/srv/tasks/hello.ts:12:9)',
      '    [cause]: Error: inner',
      '        at q (q.ts:1:1)',
      '  limits      timeout 5 min, result kept for ever, failure not kept, waits for at most 1 min',
      '  kept        for ever',
      '  stdout      last 10 of 12 lines, 1.2 MiB cut out',
      ...Array.from({ length: 10 }, (_, index) => `    line ${index + 3}`),
      '  stderr',
      '    deprecated',
    ),
  );
});

const waiting = { attempts: [], attemptCount: 0, forgottenInMs: null };
const lives: [what: string, life: JobDetails['life'], label: string, line: string | undefined][] = [
  [
    'the first in its queue is next',
    { state: 'queued', enqueuedAt: now, position: 0 },
    'queue',
    '  queue       default, next in line',
  ],
  [
    'one behind it waits for it',
    { state: 'queued', enqueuedAt: now, position: 1 },
    'queue',
    '  queue       default, 1 job ahead of it',
  ],
  [
    'others wait for more',
    { state: 'queued', enqueuedAt: now, position: 1234 },
    'queue',
    '  queue       default, 1,234 jobs ahead of it',
  ],
  ['an unknown place is left out', { state: 'queued', enqueuedAt: now, position: null }, 'queue', '  queue       default'],
  ['a queued job has no duration', { state: 'queued', enqueuedAt: now, position: 0 }, 'duration', undefined],
  ['a queued job without ttl is not said to be kept', { state: 'queued', enqueuedAt: now, position: 0 }, 'kept', undefined],
  [
    'a scheduled job is due',
    { state: 'scheduled', dueAt: now + 200_000 },
    'due',
    '  due         2026-11-23 15:51:10      in 3 min',
  ],
  ['a deferred job waits', { state: 'deferred', waitsFor: ['a', 'b'] }, 'waits for', '  waits for   a, b'],
  [
    'a running job tells for how long',
    { state: 'started', startedAt: now - 12_000, worker: 'w', leaseUntil: null },
    'duration',
    '  duration    12 s so far',
  ],
  [
    'a canceled job tells why',
    { state: 'canceled', canceledAt: now, reason: 'ttl ran out' },
    'reason',
    '  reason      ttl ran out',
  ],
];
for (const [what, life, label, line] of lives) {
  test(what, () => assert.equal(lineOf(label, job({ ...waiting, life })), line));
}

test('a state of a newer RQ is shown as it is called', () => {
  const shown = renderStatus(job({ ...waiting, life: { state: 'other', name: 'rate_limited' } }), look());
  assert.equal(shown.split('\n')[0], 'a1b2c3d4  ? rate_limited');
});
test('in ASCII the states have ASCII symbols', () => {
  assert.equal(renderStatus(job(), look({ unicode: false })).split('\n')[0], 'a1b2c3d4  + finished');
});
test('a state has its colour', () => {
  assert.ok(renderStatus(job(), look({ level: 1 })).includes('\u001b[32m✓ finished\u001b[39m'));
});

test('a pickled call is told by its description', () => {
  const details = job({ call: null, opaque: 'pickle', description: "app.mail('x')" });
  assert.equal(lineOf('task', details), "  task        app.mail('x')");
  assert.equal(lineOf('arguments', details), '  arguments   not shown (pickle)');
});

test('the zone is told again where it changes', () => {
  const details = job({ createdAt: Date.UTC(2026, 6, 1), life: { state: 'deferred', waitsFor: [] } });
  const shown = renderStatus(details, look({ timeZone: 'Europe/Berlin' }));
  assert.match(shown, /created {5}2026-07-01 02:00:00 \+02:00.*\n {2}enqueued {4}2026-11-23 16:45:45 \+01:00/);
});

test('a result that could not be kept says why', () => {
  assert.equal(lineOf('result', job({ resultAbsent: 'a BigInt' })), '  result      none: a BigInt');
});

const withResult = (resultJson: string) => job({ attempts: [attempt({ outcome: 'finished', resultJson })] });
test('a long result is laid out, bounded, with a way to see it whole', () => {
  const shown = renderStatus(withResult(JSON.stringify({ list: Array.from({ length: 40 }, (_, i) => i) })), look());
  assert.match(shown, /result\n {4}\{\n {6}"list": \[\n {8}0,\n/);
  assert.match(shown, /\n {8}17,\n {4}24 more lines: rqt status --json a1b2c3d4\n/);
});
test('an integer that JavaScript cannot hold is shown to its last digit', () => {
  const digits = '12345678901234567890'.repeat(4);
  assert.ok(renderStatus(withResult(`[${digits}]`), look({ width: 120 })).includes(digits));
});

test('a single failure is listed as an attempt and told once', () => {
  const details = job({ life: { state: 'failed', ...ran }, attempts: [attempt({ error: 'Error: x' })] });
  assert.equal(lineOf('attempts', details), '  attempts    1');
  assert.equal(renderStatus(details, look()).split('Error: x').length, 2);
});
test('the reason of a Python traceback is its last line', () => {
  const error = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: no\n';
  const shown = renderStatus(job({ life: { state: 'failed', ...ran }, attempts: [attempt({ error })] }), look());
  assert.match(shown, /error {7}ValueError: no\n {4}Traceback \(most recent call last\):\n {6}File "a.py"/);
});

test('nothing that a job wrote reaches the terminal as a command', () => {
  const evil = '\u001b[2J\u001b]0;pwned\u0007\u202e\u0008evil';
  const captured = { text: `${evil}\r${evil}`, cutBytes: 0 };
  const details = job({
    id: evil,
    queue: evil,
    description: evil,
    call: { task: evil, args: [evil], kwargs: { [evil]: evil } },
    life: { state: 'failed', ...ran, worker: evil },
    attempts: [attempt({ outcome: 'retried', error: evil }), attempt({ error: `${evil}\n${evil}` })],
    stdout: captured,
    stderr: captured,
  });
  assert.deepEqual(commandsIn(renderStatus(details, look())), []);
  assert.deepEqual(commandsIn(uncoloured(renderStatus(details, look({ level: 1 })))), []);
});

test('a task’s own colours stay where there is colour', () => {
  const details = job({ stdout: { text: '\u001b[32mok\u001b[39m\n', cutBytes: 0 } });
  assert.ok(renderStatus(details, look({ level: 1 })).endsWith('\n    \u001b[32mok\u001b[39m\u001b[0m'));
  assert.match(renderStatus(details, look()), /\n {4}ok$/);
});

test('one endless line of output does not fill the screen', () => {
  const shown = renderStatus(job({ stdout: { text: 'x'.repeat(60_000), cutBytes: 0 } }), look());
  assert.equal(shown.split('\n').at(-1), `    ${'x'.repeat(399)}…`);
});

const defaults: [what: string, limits: Partial<typeof DEFAULT_LIMITS>, line: string | undefined][] = [
  ['default limits are left out', {}, undefined],
  ['no timeout is told', { timeoutMs: null }, '  limits      no timeout'],
  ['a result kept shorter is told', { resultTtlMs: 60_000 }, '  limits      result kept for 1 min'],
];
for (const [what, limits, line] of defaults) {
  test(what, () => assert.equal(lineOf('limits', job({ limits: { ...DEFAULT_LIMITS, ...limits } })), line));
}

test('a queued job tells how long it may still wait, and when that is over', () => {
  const life = { state: 'queued', enqueuedAt: now, position: 0 } as const;
  assert.equal(lineOf('ttl', job({ ...waiting, life, expiresAt: now + 3_552_000 })), '  ttl         59 min 12 s left to wait');
  assert.equal(
    lineOf('ttl', job({ ...waiting, life, expiresAt: now - 2000 })),
    '  ttl         over for 2 s: the next worker that comes to it cancels it',
  );
  assert.equal(lineOf('ttl', job({ ...waiting, life })), undefined);
});

test('a callback that is due says who runs it', () => {
  const details = job({ life: { state: 'failed', ...ran }, callbackDue: { on: 'failure', task: 'alert#page' } });
  assert.equal(lineOf('callback', details), '  callback    on-failure callback alert#page is due: a worker of queue default …');
  assert.equal(
    lineOf('callback', details, 100),
    '  callback    on-failure callback alert#page is due: a worker of queue default runs it',
  );
});

test('attempts that are not kept any more leave a mark', () => {
  const cut = { why: 'died', executionId: 'e', worker: 'w', startedAt: null, endedAt: now } as const;
  const details = job({
    ...waiting,
    life: { state: 'queued', enqueuedAt: now, position: 0 },
    attemptCount: 3,
    interruptions: [cut],
  });
  const lines = renderStatus(details, look()).split('\n');
  const at = lines.indexOf('  attempts    3');
  assert.deepEqual(lines.slice(at + 1, at + 3), ['    … 2 earlier ones are not kept', '    ↯ interrupted  worker w died']);
});
