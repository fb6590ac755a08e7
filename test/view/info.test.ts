import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderInfo } from '../../src/view/info.ts';
import { textWidth } from '../../src/view/width.ts';
import { commandsIn, look, now, overview, queue, text, uncoloured, worker } from './looks.ts';

const busy = {
  state: 'busy',
  queues: ['high', 'default'],
  currentJob: { id: '3f0c7d0e-9a43-4f0e-b7ff-0a1b2c3d4e5f', startedAt: now - 12_000 },
  done: 12_345,
  failed: 3,
};
const usual = overview({
  queues: [
    queue('mail', { queued: 1200, started: 1, finished: 40, failed: 3, oldestAt: now - 125_000, workers: ['web-1.17'] }),
    queue('default', { queued: 300, deferred: 2, scheduled: 5, oldestAt: now - 3000, workers: ['web-2.9', 'web-1.17'] }),
    queue('low', { suspended: true }),
  ],
  workers: [worker('web-2.9'), worker('web-1.17', busy)],
});

test('queues and workers fit into 80 columns, sorted by name, with a line that sums up', () => {
  assert.equal(
    renderInfo(usual, look()),
    text(
      'queue                           queued  exec  defer  sched  done  failed  oldest',
      '────────────────────────────────────────────────────────────────────────────────',
      'default          ███▎              300     0      2      5     0       0     3 s',
      'low (suspended)                      0     0      0      0     0       0       -',
      'mail             █████████████   1,200     1      0      0    40       3   2 min',
      '',
      'worker    state  queues         job                          for    done  failed',
      '────────────────────────────────────────────────────────────────────────────────',
      'web-1.17  busy   high, default  3f0c7d0e-9a43-4f0e-b7ff-0…  12 s  12,345       3',
      'web-2.9   idle   default        -                              -       0       0',
      '',
      '3 queues, 1,500 jobs queued, 1 executing, 3 failed, 2 workers',
    ),
  );
});

test('at 200 columns there is room for everything', () => {
  assert.equal(
    renderInfo(usual, look({ width: 200 })),
    text(
      'queue                                                      queued  executing  deferred  scheduled  finished  failed  oldest',
      '───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────',
      'default          ██████████                                   300          0         2          5         0       0     3 s',
      'low (suspended)                                                 0          0         0          0         0       0       -',
      'mail             ████████████████████████████████████████   1,200          1         0          0        40       3   2 min',
      '',
      'worker    state  queues         current job                            for    done  failed  host   uptime',
      '─────────────────────────────────────────────────────────────────────────────────────────────────────────',
      'web-1.17  busy   high, default  3f0c7d0e-9a43-4f0e-b7ff-0a1b2c3d4e5f  12 s  12,345       3  web-1     2 d',
      'web-2.9   idle   default        -                                        -       0       0  web-1     2 d',
      '',
      '3 queues, 1,500 jobs queued, 1 executing, 3 failed, 2 workers',
    ),
  );
});

test('in ASCII bars and borders are ASCII', () => {
  assert.equal(
    renderInfo(usual, look({ unicode: false }), { onlyQueues: true }),
    text(
      'queue                           queued  exec  defer  sched  done  failed  oldest',
      'default          ###               300     0      2      5     0       0     3 s',
      'low (suspended)                      0     0      0      0     0       0       -',
      'mail             #############   1,200     1      0      0    40       3   2 min',
      '',
      '3 queues, 1,500 jobs queued, 1 executing, 3 failed',
    ),
  );
});

test('-W shows workers alone', () => {
  assert.equal(
    renderInfo(usual, look(), { onlyWorkers: true }),
    text(
      'worker    state  queues         job                          for    done  failed',
      '────────────────────────────────────────────────────────────────────────────────',
      'web-1.17  busy   high, default  3f0c7d0e-9a43-4f0e-b7ff-0…  12 s  12,345       3',
      'web-2.9   idle   default        -                              -       0       0',
      '',
      '2 workers, 1 busy',
    ),
  );
});

test('-R shows the workers of each queue', () => {
  assert.equal(
    renderInfo(usual, look(), { onlyWorkers: true, byQueue: true }),
    text(
      'queue    workers',
      '────────────────────────────────────────',
      'default  web-1.17 (busy), web-2.9 (idle)',
      'low      none',
      'mail     web-1.17 (busy)',
      '',
      '2 workers, 1 busy',
    ),
  );
});

test('one queue with one job is told in the singular', () => {
  const one = overview({ queues: [queue('default', { queued: 1, oldestAt: now })], workers: [worker('w')] });
  assert.equal(renderInfo(one, look()).split('\n').at(-1), '1 queue, 1 job queued, 0 executing, 1 worker');
});

test('with nothing there it says what to do', () => {
  assert.equal(
    renderInfo(overview(), look()),
    text(
      'no queues yet: rqt enqueue hello#hello you',
      '',
      'no workers: rqt worker --burst default',
      '',
      '0 queues, 0 jobs queued, 0 executing, 0 workers',
    ),
  );
});

test('without workers it names the longest queue to work on', () => {
  const waiting = overview({ queues: [queue('a', { queued: 1 }), queue('b', { queued: 2 })] });
  assert.match(renderInfo(waiting, look()), /^no workers: rqt worker --burst b$/m);
});

test('without anything queued it names the queue with the most to come, else with the most history, else default', () => {
  const named = (...queues: Parameters<typeof queue>[]) =>
    /--burst (.*)$/m.exec(renderInfo(overview({ queues: queues.map(args => queue(...args)) }), look()))?.[1];
  assert.equal(named(['a', { finished: 9 }], ['b', { scheduled: 1 }]), 'b');
  assert.equal(named(['a', {}], ['default', { failed: 3 }], ['z', { finished: 2 }]), 'default');
  assert.equal(named(['a', {}], ['default', {}]), 'default');
});

test('it never proposes a queue name that a shell would not take as it is', () => {
  const waiting = overview({ queues: [queue('$(reboot)', { queued: 1 })] });
  assert.match(renderInfo(waiting, look()), /^no workers: rqt worker --burst <queue>$/m);
});

test('it never proposes a queue that rqt run left', () => {
  const left = queue('rqt-run-1a2b3c4d', { finished: 1 });
  assert.match(renderInfo(overview({ queues: [left] }), look()), /^no workers: rqt worker --burst default$/m);
  assert.match(renderInfo(overview({ queues: [left, queue('mail')] }), look()), /^no workers: rqt worker --burst mail$/m);
});

test('suspended workers are told, and for how long they are, where that ends by itself', () => {
  assert.match(renderInfo(overview({ suspended: true }), look()), /\nall workers are suspended: rqt resume$/);
  const ending = overview({ suspended: true, resumesInMs: 598_900 });
  assert.match(renderInfo(ending, look()), /\nall workers are suspended for 9 min 58 s more: rqt resume$/);
  const narrow = renderInfo(ending, look({ width: 40 }));
  assert.match(narrow, /\nall workers are suspended\nfor 9 min 58 s more: rqt resume$/);
});

for (const width of [40, 80]) {
  test(`at ${width} columns a suspended queue that resumes by itself has what is left`, () => {
    const queues = [queue('high', { suspended: true, resumesInMs: 598_900 }), queue('low', { suspended: true })];
    const lines = renderInfo(overview({ queues }), look({ width })).split('\n');
    assert.match(lines[0] ?? '', / {2}resumes in$/);
    assert.match(lines[2] ?? '', /^high \(suspended\) .* {2}9 min 58 s$/);
    assert.match(lines[3] ?? '', /^low \(suspended\) .*[-0]$/);
    for (const line of lines) assert.ok(textWidth(line) <= width, line);
  });
}

const hostile = overview({
  queues: [
    queue('\u001b[2J\u202eevil\n', { queued: 5_000_000, finished: 123_456_789, failed: 1_000_000, oldestAt: 0 }),
    queue('日本語'.repeat(40), { suspended: true, resumesInMs: 86_399_000 }),
    queue('👩🏽‍💻🫠', { queued: 1 }),
    ...Array.from({ length: 1000 }, (_, index) => queue(`q${index}`, { queued: index })),
  ],
  workers: [
    worker('é'.repeat(100), { ...busy, state: 'something odd', host: 'h'.repeat(100), queues: ['q'.repeat(300)] }),
    worker('w', busy),
  ],
});
for (const width of [40, 60, 80, 100, 132, 200]) {
  for (const unicode of [true, false]) {
    test(`at ${width} columns in ${unicode ? 'Unicode' : 'ASCII'} no line is wider, however odd and many the names`, () => {
      const lines = renderInfo(hostile, look({ width, unicode })).split('\n');
      assert.deepEqual(
        lines.filter(line => textWidth(line) > width),
        [],
      );
      assert.equal(lines.length, 2 + 1003 + 1 + 2 + 2 + 1 + (width < 80 ? 2 : 1) - (unicode ? 0 : 2));
    });
  }
}

test('no control character of a name reaches the terminal', () => {
  assert.deepEqual(commandsIn(renderInfo(hostile, look())), []);
  assert.deepEqual(commandsIn(uncoloured(renderInfo(hostile, look({ level: 1 })))), []);
});

test('in a pipe nothing is cut', () => {
  const piped = renderInfo(hostile, look({ width: Number.POSITIVE_INFINITY }));
  for (const whole of ['日本語'.repeat(40), 'q'.repeat(300), busy.currentJob.id]) assert.ok(piped.includes(whole));
});

test('failures are red, busy workers green, suspended queues yellow, zeros dim', () => {
  const shown = renderInfo(usual, look({ level: 1 }));
  for (const part of [
    '\u001b[31m3\u001b[39m',
    '\u001b[32mbusy\u001b[39m',
    '\u001b[33mlow (suspended)\u001b[39m',
    '\u001b[2m0\u001b[22m',
  ]) {
    assert.ok(shown.includes(part), part);
  }
});
