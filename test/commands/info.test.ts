import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { cleanEnv, launcher, rqt } from '../helpers/rqt.ts';
import { linesOf, newSpace, type Space } from '../helpers/space.ts';
import { noTerminal, startOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

/** Two queues with a job in every state but `started`. */
async function fillSpace(space: Space): Promise<void> {
  await space.enqueue('hello#hello', 'yangyi', '-q', 'high');
  await space.enqueue('hello#workat', '-q', 'high');
  await space.run(['worker', '--burst', 'high']);
  const canceled = await space.enqueue('m#f', '-q', 'high');
  await space.run(['cancel', canceled]);
  await space.run(['enqueue', 'm#f', '--lines', '-'], { input: 'a\nb\nc\n' });
  await client.zadd(space.key('deferred:high'), 1, 'child');
  await client.zadd(space.key('scheduled:high'), 1, 'later', 2, 'later2');
}

/** A worker that waits on these queues. */
async function withWorker(space: Space, queues: readonly string[], work: () => Promise<void>): Promise<void> {
  const worker = space.start(['worker', '--name', 'w1', ...queues]);
  try {
    await until('the worker is idle', async () => (await client.hget(space.key('worker:w1'), 'state')) === 'idle');
    await work();
  } finally {
    worker.child.kill('SIGTERM');
    await worker.ended;
  }
}

test('an empty Redis is shown with what to do next', async () => {
  const ran = await newSpace(redis).run(['info']);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.match(ran.stdout, /no queues yet: rqt enqueue hello#hello you/);
  assert.match(ran.stdout, /no workers: rqt worker --burst default/);
  assert.equal(linesOf(ran.stdout).at(-1), '0 queues, 0 jobs queued, 0 executing, 0 workers');
});

test('the table of queues counts the jobs of every state', async () => {
  const space = newSpace(redis);
  await fillSpace(space);
  const lines = linesOf((await space.run(['info'])).stdout);
  const columns = ['queue', 'queued', 'executing', 'deferred', 'scheduled', 'finished', 'failed', 'oldest'];
  assert.deepEqual(lines[0]?.trim().split(/ {2,}/), columns);
  const row = (name: string) =>
    lines
      .find(line => line.startsWith(name))
      ?.replace(/[█▏▎▍▌▋▊▉]+/, '')
      .trim()
      .split(/ {2,}/);
  assert.deepEqual(row('high'), ['high', '0', '0', '1', '2', '1', '1', '-']);
  assert.deepEqual(row('default')?.slice(0, 7), ['default', '3', '0', '0', '0', '0', '0']);
  assert.match(row('default')?.[7] ?? '', /^\d+ (s|min)$/);
  assert.match(lines.find(line => line.startsWith('default')) ?? '', /█/);
  assert.equal(lines.at(-1), '2 queues, 3 jobs queued, 0 executing, 1 failed, 1 canceled, 0 workers');
});

test('the table of workers tells name, state, queues, counts, host and uptime', async () => {
  const space = newSpace(redis);
  await withWorker(space, ['high', 'default'], async () => {
    const lines = linesOf((await space.run(['info'])).stdout);
    const head = lines.find(line => line.startsWith('worker'))?.split(/ {2,}/);
    assert.deepEqual(head, ['worker', 'state', 'queues', 'current job', 'for', 'done', 'failed', 'host', 'uptime']);
    const row = lines
      .find(line => line.startsWith('w1'))
      ?.trim()
      .split(/ {2,}/);
    assert.deepEqual(row?.slice(0, 7), ['w1', 'idle', 'high, default', '-', '-', '0', '0']);
    assert.equal(lines.at(-1), '0 queues, 0 jobs queued, 0 executing, 1 worker');
  });
});

test('a busy worker is shown with its job and for how long it runs it', async () => {
  const space = newSpace(redis);
  const started = new Date(Date.now() - 65_000).toISOString();
  await client.sadd(space.key('workers'), space.key('worker:busy1'));
  await client.hset(space.key('worker:busy1'), {
    ...{ birth: started, state: 'busy', queues: 'default', hostname: 'h', rqt_claim: 'exec:default:the-job' },
    ...{ successful_job_count: '7', failed_job_count: '2', pid: '1', ip_address: '127.0.0.1:1' },
  });
  await client.hset(space.key('job:the-job'), 'started_at', started, 'status', 'started');
  const row = linesOf((await space.run(['info', '-W'])).stdout).find(line => line.startsWith('busy1'));
  assert.deepEqual(row?.trim().split(/ {2,}/), ['busy1', 'busy', 'default', 'the-job', '1 min', '7', '2', 'h', '1 min']);
});

test('workers that Redis has forgotten, or that have died, are not shown', async () => {
  const space = newSpace(redis);
  await client.sadd(space.key('workers'), space.key('worker:gone'), space.key('worker:dead'));
  await client.hset(space.key('worker:dead'), 'birth', '2026-01-01T00:00:00.000000Z', 'death', '2026-01-01T00:00:01.000000Z');
  assert.match((await space.run(['info'])).stdout, /no workers/);
});

test('finished and failed jobs whose time is over are not counted', async () => {
  const space = newSpace(redis);
  await space.enqueue('m#f');
  await client.zadd(space.key('finished:default'), 1, 'old', '+inf', 'for-ever');
  await client.zadd(space.key('failed:default'), 1, 'old', -1, 'for-ever');
  const { queues } = JSON.parse((await space.run(['info', '--json'])).stdout);
  assert.deepEqual([queues[0].finished, queues[0].failed], [1, 1]);
});

test('named queues are shown alone, with the workers that listen on them', async () => {
  const space = newSpace(redis);
  await fillSpace(space);
  await withWorker(space, ['default'], async () => {
    const { queues, workers } = JSON.parse((await space.run(['info', '--json', 'high'])).stdout);
    assert.deepEqual([queues.map((queue: { name: string }) => queue.name), workers], [['high'], []]);
    const other = JSON.parse((await space.run(['info', '--json', 'default'])).stdout);
    assert.deepEqual(
      other.workers.map((worker: { name: string }) => worker.name),
      ['w1'],
    );
  });
});

test('--json is one document with stable names', async () => {
  const space = newSpace(redis);
  await fillSpace(space);
  const { stdout } = await space.run(['info', '--json']);
  assert.equal(linesOf(stdout).length, 1);
  const { read_at, queues, ...rest } = JSON.parse(stdout);
  assert.ok(Math.abs(Date.parse(read_at) - Date.now()) < 60_000);
  const [{ oldest_at, oldest_age_seconds, ...first }, second] = queues;
  assert.deepEqual(first, {
    ...{ name: 'default', queued: 3, started: 0, deferred: 0, scheduled: 0, finished: 0, failed: 0, canceled: 0 },
    ...{ suspended: false, resumes_in_seconds: null, workers: [] },
  });
  assert.ok(oldest_age_seconds >= 0 && Date.parse(oldest_at) > 0);
  assert.deepEqual([second.name, second.finished, second.failed, second.canceled, second.oldest_at], ['high', 1, 1, 1, null]);
  assert.deepEqual(rest, {
    ...{ version: 1, kind: 'info', suspended: false, resumes_in_seconds: null, workers: [] },
    totals: {
      ...{ queues: 2, queued: 3, started: 0, deferred: 1, scheduled: 2, finished: 1, failed: 1, canceled: 1 },
      ...{ workers: 0, busy_workers: 0 },
    },
  });
});

test("--raw prints RQ's raw lines", async () => {
  const space = newSpace(redis);
  await fillSpace(space);
  await withWorker(space, ['high'], async () => {
    for (const flag of ['-r', '--raw']) {
      const lines = linesOf((await space.run(['info', flag])).stdout);
      assert.deepEqual(lines.slice(0, 2), [
        'queue default 3, 0 executing, 0 finished, 0 failed',
        'queue high 0, 0 executing, 1 finished, 1 failed',
      ]);
      assert.match(lines[2] ?? '', /^worker w1 \(\S+ \S* \d+\) idle high\. jobs: 0 finished, 0 failed$/);
      assert.equal(lines.length, 3);
    }
  });
});

test('-Q shows queues alone, -W workers alone, -R the workers of each queue', async () => {
  const space = newSpace(redis);
  await fillSpace(space);
  await withWorker(space, ['high'], async () => {
    const [onlyQueues, onlyWorkers, byQueue] = await Promise.all(
      ['-Q', '-W', '-R'].map(async flag => (await space.run(['info', flag])).stdout),
    );
    assert.doesNotMatch(onlyQueues ?? '', /w1/);
    assert.match(onlyWorkers ?? '', /^worker +state/);
    assert.doesNotMatch(onlyWorkers ?? '', /queued/);
    assert.match(byQueue ?? '', /^high +w1 \(idle\)$/m);
    assert.match(byQueue ?? '', /^default +none$/m);
  });
});

test('suspended workers and queues are told', async () => {
  const space = newSpace(redis);
  await space.enqueue('m#f');
  await client.set(space.key('suspended'), '1');
  assert.match((await space.run(['info'])).stdout, /all workers are suspended/);
  assert.equal(JSON.parse((await space.run(['info', '--json'])).stdout).suspended, true);
});

test('a pipe gets no colour, FORCE_COLOR gets it all the same', async () => {
  const space = newSpace(redis);
  await fillSpace(space);
  assert.doesNotMatch((await space.run(['info'])).stdout, /\x1b/);
  assert.match((await space.run(['info'], { env: { FORCE_COLOR: '1' } })).stdout, /\x1b\[/);
  assert.doesNotMatch((await space.run(['info', '--json'], { env: { FORCE_COLOR: '1' } })).stdout, /\x1b/);
});

test('names that hold escape sequences are made harmless', async () => {
  const space = newSpace(redis);
  await client.sadd(space.key('queues'), space.key('queue:evil\x1b[2J\nname'));
  for (const flags of [[], ['--raw'], ['--json']]) {
    const { stdout } = await space.run(['info', ...flags]);
    assert.doesNotMatch(stdout, /\x1b/);
    assert.match(stdout, /evil/);
  }
});

test('info writes nothing, and needs no more than to read', async () => {
  const own = await startRedis();
  const space = newSpace(own);
  await space.enqueue('hello#hello', 'yangyi');
  await space.run(['worker', '--burst']);
  await space.enqueue('m#f');
  await own.client.zadd(space.key('wip:default'), 1, 'lost:exec');
  const url = await readOnlyUrl(own);
  const before = await dumpKeys(own.client);
  for (const flags of [[], ['--json'], ['--raw'], ['-R'], ['default']]) {
    const ran = await space.run(['info', ...flags], { env: { RQT_REDIS_URL: url } });
    assert.deepEqual([ran.status, ran.stderr], [0, '']);
  }
  assert.deepEqual(await dumpKeys(own.client), before);
});

/** A user who may read, and not even ask for the time. */
async function readOnlyUrl({ client: admin, socket }: TestRedis): Promise<string> {
  await admin.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', 'resetchannels', '-@all', '+@read', '+@connection');
  return `unix://reader:pw@${socket}`;
}

test('its cost does not depend on the number of jobs', async () => {
  const own = await startRedis();
  const space = newSpace(own);
  const commandsOfInfo = async () => {
    await own.client.config('RESETSTAT');
    await space.run(['info']);
    const stats = await own.client.info('commandstats');
    return stats.replace(/^cmdstat_(config|info).*$/gm, '').match(/cmdstat_[^:]+:calls=\d+/g);
  };
  await space.enqueue('m#f');
  const few = await commandsOfInfo();
  await space.run(['enqueue', 'm#f', '--quiet', '--lines', '-'], { input: 'x\n'.repeat(5000) });
  const many = await commandsOfInfo();
  assert.deepEqual(many, few);
  assert.doesNotMatch(String(many), /lrange|zrange|scan|keys/);
});

test('-i draws again and again, sees what changes, and ends on Ctrl-C with 0', async () => {
  const space = newSpace(redis);
  const info = space.start(['info', '-i', '0.05']);
  await until('two pictures', () => info.printed.stdout.split('0 queues').length > 2);
  await space.enqueue('m#f');
  await until('a picture with the job', () => info.printed.stdout.includes('1 job queued'));
  info.child.kill('SIGINT');
  const { status, signal, stderr } = await info.ended;
  assert.deepEqual([status, signal, stderr], [0, null, '']);
});

test('-i --json prints one document a line', async () => {
  const space = newSpace(redis);
  const info = space.start(['info', '-i', '0.05', '--json']);
  await until('three documents', () => linesOf(info.printed.stdout).length > 3);
  info.child.kill('SIGINT');
  const { status, stdout } = await info.ended;
  assert.equal(status, 0);
  for (const line of linesOf(stdout)) assert.equal(JSON.parse(line).kind, 'info');
});

test('on a terminal -i draws in place without clearing, hides the cursor and gives it back', { skip: noTerminal }, async () => {
  const info = startOnTerminal(['info', '-i', '0.05'], newSpace(redis).env);
  await until('three pictures', () => info.shown.split('\x1b[H').length > 3);
  info.type('\x03');
  assert.equal(await info.ended, 0);
  assert.equal(info.shown.split('\x1b[2J').length, 2);
  assert.ok(info.shown.indexOf('\x1b[?25l') < info.shown.indexOf('\x1b[H'));
  assert.ok(info.shown.lastIndexOf('\x1b[?25h') > info.shown.lastIndexOf('\x1b[H'));
});

for (const [signal, status] of [
  ['SIGINT', 0],
  ['SIGTERM', 143],
] as const) {
  test(`-i that is ended by ${signal} ends with ${status}`, async () => {
    const info = newSpace(redis).start(['info', '-i', '0.05']);
    await until('a picture', () => info.printed.stdout !== '');
    info.child.kill(signal);
    const ran = await info.ended;
    assert.deepEqual([ran.status, ran.signal, ran.stderr], [status, null, '']);
  });
}

test('on a terminal with fewer rows than there are queues, -i still shows the line that sums up, and how much is not shown', {
  skip: noTerminal,
}, async () => {
  const space = newSpace(redis);
  for (let i = 10; i < 40; i += 1) await client.sadd(space.key('queues'), space.key(`queue:q${i}`));
  const info = startOnTerminal(['info', '-i', '0.05'], { ...space.env, NO_COLOR: '1' }, { rows: 12, columns: 80 });
  await until('two pictures', () => info.shown.split('\x1b[H').length > 3);
  info.type('\x03');
  assert.equal(await info.ended, 0);
  const lines = (info.shown.split('\x1b[H')[1] ?? '').split('\r\n').map(line => line.replaceAll(/\x1b\[[KJ]/g, ''));
  assert.equal(lines.length, 11);
  assert.match(lines[9] ?? '', /^… and 24 more lines: a taller window shows them/);
  assert.equal(lines[10], '30 queues, 0 jobs queued, 0 executing, 0 workers');
});

test('an impatient Ctrl-C, Ctrl-C gives the cursor back, too, and a Redis that does not answer holds nobody up', {
  skip: noTerminal,
}, async () => {
  const own = await startRedis();
  const info = startOnTerminal(['info', '-i', '0.05'], newSpace(own).env);
  await until('a picture', () => info.shown.includes('0 queues'));
  own.pause();
  info.type('\x03');
  info.type('\x03');
  assert.equal(await info.ended, 0);
  own.resume();
  // The terminal's own echo of the second one may come after that.
  assert.ok(info.shown.replaceAll('^C', '').endsWith('\x1b[?25h\r\n'), JSON.stringify(info.shown.slice(-60)));
});

test('a reader that goes away ends info quietly', async () => {
  const space = newSpace(redis);
  const info = space.start(['info', '--raw', '-i', '0.02']);
  await client.sadd(space.key('queues'), space.key('queue:a'));
  info.child.stdout?.once('data', () => info.child.stdout?.destroy());
  const { status, stderr } = await info.ended;
  assert.deepEqual([status, stderr], [0, '']);
});

test('a full disk is one line and 73', { skip: process.platform !== 'linux' }, () => {
  const { env } = newSpace(redis);
  const line = `${process.execPath} ${launcher} info > /dev/full`;
  try {
    execFileSync('sh', ['-c', line], { env: cleanEnv(env), stdio: ['ignore', 'ignore', 'pipe'] });
    assert.fail('it succeeded');
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    assert.equal(status, 73);
    assert.match(String(stderr), /^rqt: standard output cannot be written: ENOSPC[^\n]*\n$/);
  }
});

test('a Redis that wants a password, or has not that database, is 78 and one line', async () => {
  const own = await startRedis();
  const noDatabase = await rqt(['info'], { env: { RQT_REDIS_URL: `${own.url}?db=99` } });
  await own.client.config('SET', 'requirepass', 'sesame');
  const noPassword = await rqt(['info'], { env: { RQT_REDIS_URL: own.url } });
  const wrongPassword = await rqt(['info'], { env: { RQT_REDIS_URL: `unix://:wrong@${own.socket}` } });
  for (const [ran, says] of [
    [noDatabase, /has no database of that number/],
    [noPassword, /wants a password/],
    [wrongPassword, /refuses the user or the password/],
  ] as const) {
    assert.deepEqual([ran.status, ran.stdout], [78, '']);
    assert.match(ran.stderr, says);
    assert.match(ran.stderr, /^rqt: [^\n]+\n$/);
    assert.doesNotMatch(ran.stderr, /wrong@|sesame/);
  }
  const right = await rqt(['info'], { env: { RQT_REDIS_URL: `unix://:sesame@${own.socket}` } });
  assert.deepEqual([right.status, right.stderr], [0, '']);
});

test('a Redis that accepts a connection and never answers is 69 after the connect timeout', async () => {
  const own = await startRedis();
  const pid = Number(/process_id:(\d+)/.exec(await own.client.info('server'))?.[1]);
  process.kill(pid, 'SIGSTOP');
  const ran = await rqt(['info'], { env: { RQT_REDIS_URL: own.url } }).finally(() => process.kill(pid, 'SIGCONT'));
  assert.equal(ran.status, 69);
  assert.match(
    ran.stderr,
    /^rqt: [^\n]*cannot be reached: no answer within 5 s \(see that it is up, or correct RQT_REDIS_URL\)\n$/,
  );
});
