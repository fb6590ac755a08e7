import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatLog, type LogEvent } from '../../src/view/log.ts';
import { lookOf } from '../../src/view/look.ts';
import { startBusy } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import { rqt } from '../helpers/rqt.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { Contract } from './contract.ts';

/** What each command prints with --json is what the shipped schemas say, and all that they say is printed by something. */
const contract = new Contract();
const redis = await startRedis();
const { client } = redis;
const path = newFolder({
  'ends.mjs': `
import { job } from "rqt/task";
export const well = (...values) => { console.log('out'); console.error('err'); return { values }; };
export const ill = () => { throw new Error('no'); };
export const large = () => 'x'.repeat(2 ** 21);
export const once = () => { if (process.env.RQT_ATTEMPT === '1') throw new Error('the first'); };
export const told = () => {};
export const chatty = () => { for (let i = 0; i < 3000; i += 1) console.log('x'.repeat(100)); };
export const badCallback = () => { throw new Error('callback'); };
export const progress = () => { job.progress(0.5, "half"); };
`,
});

const space = newSpace(redis);
const json = async (args: readonly string[], { statuses = [0], of = space, input = '' } = {}): Promise<string> => {
  const ran = await of.run([...args, '--json'], { input });
  assert.ok(statuses.includes(ran.status ?? -1), `rqt ${args.join(' ')} ended with ${ran.status}: ${ran.stderr}`);
  return ran.stdout;
};
const idOf = (text: string): string => String(contract.check(text)[0]?.id);
const burst = (of: Space, ...flags: string[]) => of.run(['worker', '--burst', '--name', 'w', '--path', path, ...flags]);

test('an empty namespace', async () => {
  contract.check(await json(['info']), 'info');
  contract.check(await json(['fsck']), 'fsck');
  assert.equal(await json(['jobs']), '');
  assert.equal(await json(['cron', 'list']), '');
});

test('a selftest', async () => {
  contract.check(await json(['selftest']), 'selftest');
});

test('jobs of every state', async () => {
  const report = join(path, 'report.jsonl');
  const enqueue = async (...args: string[]) => idOf(await json(['enqueue', ...args]));
  const ended = [
    await enqueue('ends#well', 'a', 'k=b', '--group', 'g', '--meta', 'x=y', '--on-success', 'ends#badCallback'),
    await enqueue('ends#ill'),
    await enqueue('ends#large'),
    await enqueue('ends#chatty'),
    await enqueue('ends#progress'),
    await enqueue('ends#once', '--retry-max', '1'),
    await enqueue('ends#well', '--result-ttl', '-1', '--ttl', '1h', '--repeat', '1', '--repeat-interval', '1h'),
    await enqueue('ends#ill', '--retry-max', '2', '--retry-interval', '3600'),
  ];
  const log = await burst(space, '--log-format', 'json', '--report', report);
  assert.equal(log.status, 1);
  contract.check(log.stderr, 'log_event');
  contract.check(readFileSync(report, 'utf8'), 'report', 'execution', 'report_totals');
  const parent = await enqueue('ends#told', '--job-id', 'parent');
  assert.equal(idOf(await json(['enqueue', 'ends#told', '--job-id', 'parent', '--unique'])), parent);
  const waiting = [
    await enqueue('ends#told', '--depends-on', 'parent'),
    await enqueue('ends#told', '--schedule-in', '1h'),
    await enqueue('ends#told', '--queue', 'other', '--ttl', '1h'),
  ];
  const canceled = await enqueue('ends#told');
  contract.check(await json(['cancel', canceled]), 'canceled');
  contract.check(await json(['cancel', canceled, 'nobody'], { statuses: [66] }));
  contract.check(await json(['status', ...ended, parent, ...waiting, canceled]), 'job');
  contract.check(await json(['status', '--tree', parent, ...waiting]), 'job_tree');
  contract.check(await json(['jobs']), 'listed_job');
  contract.check(await json(['info']));
  for (const id of [ended[0], ended[1], ended[2], parent]) {
    contract.check(await json(['result', id ?? ''], { statuses: [0, 1, 75] }), 'result');
  }
  contract.check(await json(['logs', ended[3] ?? '']), 'output');
  contract.check(await json(['wait', ended[0] ?? '', ended[1] ?? ''], { statuses: [1] }), 'waited_job');
  contract.check(await json(['wait', parent, '--timeout', '0.1s'], { statuses: [75] }));
  contract.check(await json(['stop', parent, 'nobody'], { statuses: [66] }), 'stopped');
  contract.check(await json(['requeue', ended[1] ?? '', '--dry-run']), 'requeued');
  contract.check(await json(['requeue', ended[1] ?? '']));
  contract.check(await json(['delete', ended[0] ?? '', 'nobody'], { statuses: [66] }), 'deleted');
  contract.check(await json(['empty', 'other', '--dry-run']), 'emptied');
  contract.check(await json(['empty', 'other']));
  contract.check(await json(['fsck'], { statuses: [0, 1] }), 'fsck');
});

test('a job that runs, its worker, and what is said to them', async () => {
  const own = newSpace(redis);
  const { id, worker, open } = await startBusy(own, 'busy');
  contract.check(await json(['info'], { of: own }));
  contract.check(await json(['jobs'], { of: own }));
  contract.check(await json(['status', id], { of: own }));
  contract.check(await json(['delete', id], { of: own, statuses: [1] }));
  contract.check(await json(['stop', id], { of: own }), 'stopped');
  contract.check(await json(['suspend', '--duration', '1h'], { of: own }), 'suspended');
  contract.check(await json(['suspend', 'default'], { of: own }));
  contract.check(await json(['suspend', 'default', '--duration', '1h'], { of: own }));
  contract.check(await json(['info'], { of: own }), 'info');
  contract.check(await json(['resume'], { of: own }), 'resumed');
  contract.check(await json(['resume', 'default'], { of: own }));
  contract.check(await json(['kill', 'busy'], { of: own, statuses: [0, 1] }), 'killed');
  contract.check(await json(['shutdown', '--all'], { of: own }), 'shutdown');
  open();
  await worker.ended;
});

for (const flags of [[], ['--at-most-once', '--on-failure', 'ends#well']]) {
  test(`a job whose worker was killed ${flags.join(' ')}`, async () => {
    const own = newSpace(redis);
    const { id, worker } = await startBusy(own, 'busy', flags);
    worker.child.kill('SIGKILL');
    await worker.ended;
    await own.run(['worker', '--burst', 'elsewhere']);
    contract.check(await json(['status', id], { of: own }), 'job');
  });
}

test('a worker is told something while it runs a job', async () => {
  const own = newSpace(redis);
  const { worker } = await startBusy(own, 'busy');
  contract.check(await json(['shutdown', 'busy'], { of: own }));
  contract.check(await json(['kill', 'busy'], { of: own }), 'killed');
  await worker.ended;
});

for (const [task, status, ...flags] of [
  ['well', 0],
  ['ill', 1],
  ['large', 0],
  ['told', 0, '--result-ttl', '0'],
] as const) {
  test(`enqueue --wait and run of a job: ${task}`, async () => {
    const own = newSpace(redis);
    const worker = own.start(['worker', '--path', path]);
    contract.check(await json(['enqueue', '--wait', `ends#${task}`, ...flags], { of: own, statuses: [status] }), 'job_end');
    worker.child.kill('SIGTERM');
    await worker.ended;
    contract.check(await json(['run', `ends#${task}`, '--path', path], { of: own, statuses: [status] }), 'run');
  });
}

test('the timetable', async () => {
  const own = newSpace(redis);
  const cron = (args: readonly string[], options = {}) => json(['cron', ...args], { of: own, ...options });
  contract.check(await cron(['add', 'a', '@daily', 'ends#told', 'x', 'k=v', '--catch-up', 'all']), 'cron_put');
  contract.check(await cron(['add', 'a', '@hourly', 'ends#told', '--replace', '--timeout', '5m']));
  contract.check(await cron(['pause', 'a']), 'cron_paused');
  contract.check(await cron(['list']), 'cron_entry');
  contract.check(await cron(['resume', 'a']), 'cron_resumed');
  contract.check(await cron(['run', 'a']), 'cron_ran');
  const file = 'a @daily ends#told\nb @daily ends#told\n';
  contract.check(await cron(['apply', '-', '--dry-run'], { input: file }), 'cron_applied');
  contract.check(await cron(['apply', '-'], { input: file }));
  const missed = String(Date.now() - 60_000);
  const [entry, index] = [own.key('rqt:cron:a'), own.key('rqt:cron')];
  await client.hset(entry, { next: missed, last: missed, missed, missed_count: '3', missed_fired: '1' });
  await client.zadd(index, missed, 'a');
  contract.check(await cron(['list']));
  contract.check(await cron(['check'], { statuses: [1] }), 'cron_problem');
  contract.check(await cron(['remove', 'b']), 'cron_removed');
});

test('damaged jobs', async () => {
  const own = newSpace(redis);
  const junk = {
    status: 'finished',
    rqt_attempts: 'x',
    rqt_crashes: '-1e400',
    retries_left: '1.5',
    repeats_left: '',
    timeout: 'nan',
  };
  const more = {
    result_ttl: '1e400',
    ttl: 'Infinity',
    rqt_progress: '[1e999,{}]',
    created_at: '9'.repeat(99),
    rqt_canceled_at: 'x',
  };
  const odd = { dependency_ids: '[1,null,{}]', meta: '[', data: Buffer.from([0x80, 4]), description: Buffer.from([0xff, 0]) };
  for (const status of ['finished', 'canceled', 'queued', 'scheduled', 'started', 'odd\n', '']) {
    const id = `damaged-${status.trim() || 'none'}`;
    await client.hset(own.key(`job:${id}`), { ...junk, ...more, ...odd, status, origin: 'default' });
    await client.rpush(own.key('queue:default'), id);
    await client.sadd(own.key('queues'), own.key('queue:default'));
    for (const registry of ['finished', 'failed', 'canceled', 'scheduled', 'wip']) {
      await client.zadd(own.key(`${registry}:default`), '1e300', id);
    }
    await client.xadd(own.key(`results:${id}`), '*', 'type', '1', 'return_value', 'gA==', 'execution_ended_at', '1e305');
    await client.xadd(own.key(`rqt:output:${id}`), '*', 's', '1', 'o', 'x', 't', 'text');
    contract.check(await json(['status', id], { of: own }), 'job');
    await json(['result', id], { of: own, statuses: [0, 1, 75] });
    contract.check(await json(['logs', id], { of: own }), 'output');
  }
  await client.set(own.key('job:no-hash'), 'a text');
  // What fsck only tells of.
  await client.hset(own.key('rqt:cron:x'), { expression: 'whenever', zone: 'UTC', queue: 'default', next: '4000000000000' });
  await client.zadd(own.key('rqt:cron'), 4e12, 'x');
  contract.check(await json(['jobs'], { of: own }), 'listed_job');
  contract.check(await json(['info'], { of: own }), 'info');
  contract.check(await json(['fsck', '--grace', '0'], { of: own, statuses: [1] }), 'finding', 'fsck');
  contract.check(await json(['fsck', '--grace', '0', '--fix'], { of: own, statuses: [0, 1] }), 'finding', 'fsck');
});

test('the private server, and the configuration', async () => {
  const home = newFolder({ 'rqt.toml': '[queues.mail]\ntimeout = "1h"\n[worker]\npath = ["a"]\n' });
  const env = { RQT_HOME: home, RQT_CONFIG: join(home, 'rqt.toml') };
  const run = async (...args: string[]) => (await rqt([...args, '--json'], { env })).stdout;
  try {
    contract.check(await run('redis', 'status'), 'redis');
    await run('info');
    contract.check(await run('redis', 'status'));
    contract.check(await run('config'), 'config');
    for (const key of ['worker.path', 'queues.mail.timeout', 'burst', 'enqueue.group'])
      contract.check(await run('config', key), 'setting');
    rmSync(join(home, 'rqt.toml'));
  } finally {
    // Not in an after(): the folder's own would come first, and a server without its folder cannot be found.
    await rqt(['redis', 'stop'], { env: { RQT_HOME: home } });
  }
});

const of = { queue: 'default', jobId: 'j' };
const worker = 'w';
/** One of each. */
const EVENTS: Readonly<Record<LogEvent['event'], Readonly<Record<string, unknown>>>> = {
  started: { worker, pid: 1, version: '0' },
  subscribing: { worker, channel: 'c' },
  listening: { worker, queues: ['default'] },
  cleaning: { worker, queue: 'default' },
  job_started: { ...of, description: 'm#f()', attempt: 1 },
  output: { ...of, stream: 'stdout', text: 'text' },
  job_ok: { ...of, durationMs: 1.5 },
  result_kept: { ...of, ttlMs: null },
  result_absent: { ...of, reason: 'a circle' },
  job_failed: { ...of, reason: 'Error: no', trace: '', durationMs: 1 },
  job_retried: { ...of, reason: 'Error: no', delayMs: 0, retriesLeft: 0, asked: 1, askedMax: 3 },
  job_stopped: of,
  job_put_back: { ...of, reason: 'its worker died' },
  job_cron: { ...of, entry: 'nightly' },
  lease_lost: of,
  late_result_dropped: of,
  warm_shutdown: { worker, pid: 1 },
  cold_shutdown: { worker },
  suspended: { worker },
  resumed: { worker },
  redis_lost: { worker, reason: 'closed' },
  redis_again: { worker, afterMs: 1500 },
  debug: { text: '' },
  note: { text: '' },
  warning: { text: '' },
  error: { text: '' },
  quitting: { worker, why: 'done', done: 1, failed: 0 },
};

test('each event of the log', () => {
  const look = lookOf(process.stderr, {}, Date.now());
  const lines = Object.entries(EVENTS).map(([event, rest]) => formatLog('json', { event, at: 0, ...rest } as LogEvent, look));
  assert.equal(contract.check(lines.join('\n'), 'log_event').length, lines.length);
});

test('all that the schemas tell of was seen', () => {
  assert.deepEqual(contract.unseen(), []);
});

test('each schema names its kind and version, and describes itself', () => {
  for (const kind of contract.kinds) {
    const schema = contract.schema(kind);
    assert.equal(schema?.$id, `urn:rqt:${kind}:1`);
    assert.deepEqual([schema?.properties?.version, schema?.properties?.kind], [{ const: 1 }, { const: kind }]);
    assert.notEqual(linesOf(String(schema?.description)).length, 0);
  }
});
