import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunStats } from '../../src/run-stats.ts';
import { lookOf } from '../../src/view/look.ts';
import { summaryLines } from '../../src/view/summary.ts';
import { ended, runSummary } from '../helpers/ended.ts';

const plain = lookOf({}, {}, 0);
const NONE = runSummary().counts;

test('one line tells what was done, failed and retried, how long it took, and how many jobs a second that is', () => {
  const counts = { ...NONE, finished: 1200, failed: 2, retried: 3 };
  assert.equal(summaryLines(runSummary({ counts }), plain)[1], '1,200 jobs done, 2 failed, 3 retried in 2 s, 601 jobs/s');
});

test('what is rare is told where there is any', () => {
  const counts = { ...NONE, finished: 1, stopped: 1, 'put back': 1, lost: 1 };
  assert.equal(
    summaryLines(runSummary({ counts, waiting: 1 }), plain)[1],
    '1 job done, 0 failed, 0 retried, 1 waiting for a retry, 1 stopped, 1 put back, 1 lost to other workers in 2 s, 1.0 jobs/s',
  );
});

const rates: [totalMs: number, text: string][] = [
  [10, '100 jobs/s'],
  [2000, '0.5 jobs/s'],
  [20_000, '3.0 jobs/min'],
  [7_200_000, '0.5 jobs/h'],
];
for (const [totalMs, text] of rates) {
  test(`a job in ${totalMs} ms is ${text}`, () => {
    const [, line = ''] = summaryLines(runSummary({ counts: { ...NONE, finished: 1 }, totalMs }), plain);
    assert.ok(line.endsWith(`, ${text}`), line);
  });
}

test('a run without jobs is one line without a rate', () => {
  assert.deepEqual(summaryLines(runSummary(), plain), ['', '0 jobs done, 0 failed, 0 retried in 2 s']);
});

test('each failed job is told with its error, and how many more there are', () => {
  const failure = ended({ fate: 'failed', reason: 'Error: no\nsecond \x1b[2J' });
  const summary = runSummary({ counts: { ...NONE, failed: 1001 }, failures: [failure] });
  assert.deepEqual(summaryLines(summary, plain).slice(2), [
    '',
    'Failed:',
    "  job-1 default: mail#send('ann')",
    '    Error: no\\nsecond \\x1b[2J',
    '  and 1,000 more (look: rqt jobs -s failed,stopped)',
  ]);
});

test('on a terminal no line is wider than that', () => {
  const long = ended({ fate: 'failed', description: '漢'.repeat(200), reason: 'x'.repeat(400) });
  const summary = runSummary({ counts: { ...NONE, failed: 1 }, failures: [long], slowest: [long] });
  for (const line of summaryLines(summary, { ...plain, width: 80 })) assert.ok(line.length <= 80, line);
});

test('a run of very many jobs keeps counts, the ten slowest and the first hundred failures', () => {
  const stats = new RunStats();
  const at = ended().startedAt;
  for (let i = 0; i < 20_000; i += 1) {
    const fate = i % 2 === 0 ? 'failed' : 'finished';
    stats.add(ended({ id: `job-${i}`, fate, endedAt: at + ((i * 7919) % 20_000) }));
  }
  const { counts, slowest, failures } = stats.summary();
  assert.equal(counts.failed, 10_000);
  assert.equal(counts.finished, 10_000);
  assert.deepEqual(
    slowest.map(({ endedAt }) => endedAt - at),
    [19_999, 19_998, 19_997, 19_996, 19_995, 19_994, 19_993, 19_992, 19_991, 19_990],
  );
  assert.deepEqual(
    failures.map(({ id }) => id),
    Array.from({ length: 100 }, (_, i) => `job-${2 * i}`),
  );
});

test('a job that will be tried again waits until it is', () => {
  const stats = new RunStats();
  stats.add(ended({ id: 'a', fate: 'retried', reason: 'Error: first' }));
  stats.add(ended({ id: 'b', fate: 'retried', reason: 'Error: other' }));
  stats.add(ended({ id: 'a', fate: 'finished', attempt: 2 }));
  const { waiting, waitingFailures, counts } = stats.summary();
  assert.equal(waiting, 1);
  assert.deepEqual(
    waitingFailures.map(({ id }) => id),
    ['b'],
  );
  assert.deepEqual([counts.retried, counts.finished], [2, 1]);
});
