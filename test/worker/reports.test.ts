import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { elements, parseXml } from '../helpers/junit.ts';
import { rqt } from '../helpers/rqt.ts';
import { linesOf, newFolder } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { openStage, taskFolder, told } from './stage.ts';

const stage = await openStage();
const { redis, put, burst } = stage;
beforeEach(() => redis.client.flushall());

/** A burst with these variables set. */
function burstWith(env: Record<string, string>, ...args: string[]) {
  return rqt(['worker', '--burst', '--path', taskFolder, ...args], { env: { RQT_REDIS_URL: redis.url, ...env } });
}

function reportOf(path: string): Record<string, unknown>[] {
  return linesOf(readFileSync(path, 'utf8')).map(line => JSON.parse(line) as Record<string, unknown>);
}

test('a burst ends with a summary: counts, failures with their first line, the slowest', async () => {
  await put('quick#nothing', { id: 'good' });
  await put('quick#fail', { id: 'bad', args: ['no customer\nmore of it'] });
  await put('quick#failUntil', { id: 'flaky', args: [2], fields: { retries_left: 1 } });
  await put('quick#nothing', { id: 'beside', queue: 'other' });
  const ran = await burst('default', 'other', '-j', '2');
  const summary = ran.stderr.slice(ran.stderr.indexOf('\n\n') + 2);
  assert.match(summary, /^3 jobs done, 1 failed, 1 retried in .+, [\d.,]+ jobs\/\w+\n/);
  assert.match(summary, /\nFailed:\n {2}bad default: quick#fail\(\)\n {4}Error: no customer\n\nSlowest:\n/);
  const slowest = summary.slice(summary.indexOf('Slowest:'));
  assert.equal(linesOf(slowest).length, 6);
  for (const id of ['good', 'bad', 'beside', 'flaky']) assert.ok(slowest.includes(`${id} `), slowest);
});

for (const flags of [['--quiet'], ['--log-format', 'json']]) {
  test(`a burst with ${flags.join(' ')} has no summary`, async () => {
    await put('quick#nothing');
    assert.doesNotMatch((await burst(...flags)).stderr, /Slowest|retried in/);
  });
}

test('the JUnit file has a suite for each queue and a case for each job, and replaces an older file as a whole', async () => {
  const path = join(newFolder({ 'junit.xml': 'old' }), 'junit.xml');
  await put('quick#say', { id: 'says', args: ['out \x1b[31m<&>\x07', ']]>'] });
  await put('quick#fail', { id: 'bad', args: ['no <customer> \ud800'] });
  await put('quick#failUntil', { id: 'flaky', args: [2], fields: { retries_left: 1, description: 'flaky' } });
  await put('quick#fail', { id: 'waits', fields: { retries_left: 1, retry_intervals: '[3600]', description: 'waits' } });
  await put('quick#nothing', { id: 'b1', queue: 'other' });
  await put('quick#nothing', { id: 'b2', queue: 'other' });
  assert.equal((await burst('default', 'other', '--junit', path)).status, 1);
  const read = parseXml(readFileSync(path, 'utf8'));
  assert.deepEqual(
    elements(read, 'testsuite').map(({ attributes: { name, tests, failures } }) => [name, tests, failures]),
    [
      ['default', '4', '2'],
      ['other', '2', '0'],
    ],
  );
  assert.deepEqual(
    elements(read, 'testcase').map(({ attributes: { classname, name } }) => `${classname} ${name}`),
    [
      ...['default.quick quick#say()', 'default.quick quick#fail()', 'default.quick flaky', 'default.quick waits'],
      ...['other.quick quick#nothing()', 'other.quick quick#nothing() (b2)'],
    ],
  );
  const [says, bad, flaky, waits] = elements(read, 'testcase');
  assert.deepEqual(
    says?.children.map(({ name, text }) => [name, text]),
    [
      ['system-out', 'out <&>\\x07'],
      ['system-err', ']]>'],
    ],
  );
  assert.match(bad?.children[0]?.attributes.message ?? '', /^Error: no <customer> /);
  assert.match(bad?.children[0]?.text ?? '', /\n {4}at fail .*\njob bad of queue default/);
  assert.equal(flaky?.children[0]?.name, 'flakyFailure');
  assert.match(waits?.children[0]?.attributes.message ?? '', /it will be tried again/);
});

test('of much output the report has the end, and says so', async () => {
  const path = stage.path('junit.xml');
  await put('quick#say', { args: [`${'ä'.repeat(5000)}end`] });
  await burst('--junit', path);
  const [out] = elements(parseXml(readFileSync(path, 'utf8')), 'system-out');
  assert.match(out?.text ?? '', /^\[[\d.]+ KiB cut\]\nä+end$/);
});

test('a worker that is killed leaves no JUnit file, and a report with what had ended', async () => {
  const folder = newFolder();
  const gate = stage.gate();
  await put('quick#nothing', { id: 'first' });
  const second = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst', '--junit', join(folder, 'j.xml'), '--report', join(folder, 'r.jsonl'));
  await stage.untilState(second, 'started');
  await until('the first line is there', () => reportOf(join(folder, 'r.jsonl')).some(({ id }) => id === 'first'), 30_000);
  worker.child.kill('SIGKILL');
  await worker.ended;
  gate.open();
  assert.deepEqual(readdirSync(folder), ['r.jsonl']);
  assert.deepEqual(
    reportOf(join(folder, 'r.jsonl')).map(({ kind }) => kind),
    ['report', 'execution'],
  );
});

test('the report is JSON lines of a version: a head, each execution, the totals', async () => {
  const path = stage.path('report.jsonl');
  await put('quick#nothing', { id: 'good' });
  await put('quick#failUntil', { id: 'flaky', args: [2], fields: { retries_left: 1 } });
  await put('quick#fail', { id: 'bad' });
  assert.equal((await burst('--report', path)).status, 1);
  const [head, ...lines] = reportOf(path);
  const totals = lines.pop();
  assert.deepEqual([head?.version, head?.kind, head?.queues], [1, 'report', ['default']]);
  assert.deepEqual(
    lines.map(({ version, kind, id, attempt, outcome }) => [version, kind, id, attempt, outcome]),
    [
      [1, 'execution', 'good', 1, 'finished'],
      [1, 'execution', 'flaky', 1, 'retried'],
      [1, 'execution', 'bad', 1, 'failed'],
      [1, 'execution', 'flaky', 2, 'finished'],
    ],
  );
  assert.deepEqual([lines[1]?.error, lines[1]?.retry_in_seconds], ['Error: attempt 1 fails', 0]);
  assert.match(String(lines[2]?.trace), /at fail/);
  const { total_seconds: seconds, jobs_per_second: rate, ...counts } = totals ?? {};
  assert.deepEqual(counts, {
    ...{ version: 1, kind: 'report_totals', why: 'done', exit_status: 1, done: 2, failed: 1, stopped: 0, retried: 1 },
    ...{ put_back: 0, lost: 0, waiting_for_retry: 0 },
  });
  assert.ok(typeof seconds === 'number' && typeof rate === 'number' && rate > 0);
});

test('a lasting worker writes its reports when it is asked to end', async () => {
  const folder = newFolder();
  const id = await put('quick#nothing');
  const worker = await stage.start('--junit', join(folder, 'j.xml'), '--report', join(folder, 'r.jsonl'));
  await stage.untilState(id, 'finished');
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended).status, 0);
  assert.equal(elements(parseXml(readFileSync(join(folder, 'j.xml'), 'utf8')), 'testcase').length, 1);
  assert.equal(reportOf(join(folder, 'r.jsonl')).at(-1)?.why, 'stopped');
});

for (const flag of ['--junit', '--report']) {
  for (const [what, path] of [
    ['in no directory', join(redis.dir, 'none', 'file')],
    ['that is a directory', redis.dir],
  ] as const) {
    test(`${flag} FILE ${what} is 73 before any job is run`, async () => {
      const id = await put('quick#nothing');
      const ran = await burst(flag, path);
      assert.equal(ran.status, 73);
      assert.match(ran.stderr, new RegExp(`^rqt: ${flag} .*: it cannot be written: (there is no such|it is a) directory\n$`));
      assert.deepEqual(await stage.places(id), ['queue:default']);
    });
  }
  test(`${flag} on a full disk: said once, the jobs go on, 73 at the end`, { skip: !existsSync('/dev/full') }, async () => {
    const path = stage.path('full');
    symlinkSync('/dev/full', path);
    const ids = [await put('quick#nothing'), await put('quick#nothing')];
    const ran = await burst(flag, path);
    assert.equal(ran.status, 73);
    assert.equal(told(ran, /no space is left; the report is not complete/).length, 1);
    // A JUnit file is written when there are no more jobs.
    assert.equal(told(ran, /, the jobs go on$/).length, flag === '--report' ? 1 : 0);
    for (const id of ids) assert.equal((await stage.job(id)).status, 'finished');
  });
  for (const value of ['', '-']) {
    test(`${flag} '${value}' is 64`, async () => assert.equal((await burst(`${flag}=${value}`)).status, 64));
  }
}

test('a JUnit file that is a device is written to, not replaced', async () => {
  const path = stage.path('null');
  symlinkSync('/dev/null', path);
  await put('quick#nothing');
  assert.equal((await burst('--junit', path)).status, 0);
  assert.ok(statSync('/dev/null').isCharacterDevice());
});

test('a JUnit file behind a symbolic link stays behind it', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real/junit.xml'), '');
  symlinkSync('real/junit.xml', join(folder, 'junit.xml'));
  assert.equal((await burst('--junit', join(folder, 'junit.xml'))).status, 0);
  assert.equal(parseXml(readFileSync(join(folder, 'real/junit.xml'), 'utf8')).name, 'testsuites');
});

test('where GITHUB_ACTIONS is true failures are annotations, and the page of the run has a summary', async () => {
  const summary = stage.path('summary.md');
  await put('quick#fail', { id: 'bad' });
  const ran = await burstWith({ GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary });
  assert.deepEqual(told(ran, /^::/).length, 1);
  assert.match(ran.stderr, /^::error .*title=default%3A quick#fail\(\)::Error: it went wrong%0A.*%0Ajob bad$/m);
  assert.match(readFileSync(summary, 'utf8'), /^### rqt\n\n0 jobs done, 1 failed/);
});

const annotated: [flags: string[], env: Record<string, string>, count: number][] = [
  [['--annotations'], {}, 1],
  [['--no-annotations'], { GITHUB_ACTIONS: 'true' }, 0],
  [['--log-format', 'json'], { GITHUB_ACTIONS: 'true' }, 0],
  [['--log-format', 'json', '--annotations'], {}, 1],
  [['--quiet'], { GITHUB_ACTIONS: 'true' }, 1],
  [[], { GITHUB_ACTIONS: 'false' }, 0],
  [[], { GITHUB_ACTIONS: '' }, 0],
];
for (const [flags, env, count] of annotated) {
  test(`${JSON.stringify(env)} and ${flags.join(' ') || 'no flags'}: ${count} annotations`, async () => {
    await put('quick#fail');
    const ran = await burstWith({ GITHUB_STEP_SUMMARY: '', GITHUB_ACTIONS: '', ...env }, ...flags);
    assert.equal(told(ran, /^::error/).length, count);
  });
}
