import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWorker } from '../../helpers/busy.ts';
import { startRedis } from '../../helpers/redis.ts';
import { linesOf, newFolder, newSpace, type Space } from '../../helpers/space.ts';
import { until } from '../../helpers/until.ts';

const redis = await startRedis();

/** A space with a spool of its own, whose Redis is away as long as a test says so: its URL is a socket in front of the real one. */
async function newFrontedSpace() {
  const home = newFolder();
  const socket = join(home, 'front.sock');
  let isOpen = false;
  let dropsAnswers = false;
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    sockets.add(client);
    if (!isOpen) return void client.destroy();
    const behind = connect(redis.socket);
    sockets.add(behind);
    let hasAsked = false;
    client.on('data', data => {
      hasAsked ||= data.includes('EVAL');
      behind.write(data);
    });
    behind.on('data', data => (dropsAnswers && hasAsked ? client.destroy() : client.write(data)));
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  after(() => {
    server.close();
    for (const each of sockets) each.destroy();
  });
  const inner = newSpace(redis);
  const env = { RQT_REDIS_URL: `unix://${socket}`, RQT_HOME: home };
  const space: Space = {
    ...inner,
    run: (args, options = {}) => inner.run(args, { ...options, env: { ...env, ...options.env } }),
    start: (args, options = {}) => inner.start(args, { ...options, env: { ...env, ...options.env } }),
  };
  const folder = () => join(home, 'spool', readdirSync(join(home, 'spool'))[0] ?? '');
  return {
    space,
    home,
    folder,
    files: () =>
      readdirSync(folder())
        .filter(name => name.endsWith('.json'))
        .sort(),
    open: (how: { dropsAnswers: boolean } = { dropsAnswers: false }) => {
      isOpen = true;
      dropsAnswers = how.dropsAnswers;
    },
    shut: () => {
      isOpen = false;
    },
    queue: () => redis.client.lrange(inner.key('queue:default'), 0, -1),
    async keep(...args: string[]) {
      const ran = await space.run(['enqueue', ...args, '--spool']);
      assert.equal(ran.status, 0, ran.stderr);
      return ran.stdout.trim();
    },
    /** A command that changes something, and so sends what waits. */
    send: () => space.run(['cancel', 'nope']),
  };
}

test('a Redis that is away: 69 without --spool; with it 0, the id, a line, and a file that nobody else may read', async () => {
  const { space, keep, folder, files, queue, open } = await newFrontedSpace();
  assert.equal((await space.run(['enqueue', 'm#f'])).status, 69);
  const ran = await space.run(['enqueue', 'm#f', 'secret', '--spool']);
  assert.equal(ran.status, 0);
  assert.match(ran.stdout, /^[\da-f-]{36}\n$/);
  assert.match(
    ran.stderr,
    /^rqt: Redis at .* cannot be reached: .*; the job is kept in .* and sent by the next worker or writing rqt command .*\n$/,
  );
  assert.equal(statSync(folder()).mode & 0o777, 0o700);
  for (const name of files()) assert.equal(statSync(join(folder(), name)).mode & 0o777, 0o600);
  const second = await keep('m#f', '--quiet', '--job-id', 'two');
  assert.equal(second, '');

  open();
  const third = await space.run(['enqueue', 'm#f']);
  assert.deepEqual([await queue(), files()], [[ran.stdout.trim(), 'two', third.stdout.trim()], []]);
});

test('the next command that changes something sends what waits before its own work, one that only looks does not', async () => {
  const { space, keep, files, queue, open } = await newFrontedSpace();
  const id = await keep('m#f');
  const away = await space.run(['info']);
  assert.equal(away.status, 69);
  assert.match(away.stderr, /1 file of spooled jobs waits here[^\n]*\nrqt: Redis at [^\n]* cannot be reached/);
  open();
  const looked = await space.run(['info']);
  assert.match(looked.stderr, /1 file of spooled jobs waits here/);
  assert.deepEqual(await space.keys(), []);
  const ran = await space.run(['cancel', id]);
  assert.deepEqual([ran.status, ran.stdout, files(), await queue()], [0, `${id} canceled\n`, [], []]);
});

test('options are kept whole: schedule, limits, retries, meta, group', async () => {
  const { space, keep, send, open } = await newFrontedSpace();
  const flags = ['--schedule-in', '1h', '--timeout', '7', '--retry-max', '2', '--meta', 'k=v', '--group', 'g', '--job-id', 'j'];
  const before = Date.now();
  await keep('m#f', 'x=1', ':[1,12345678901234567890]', ...flags);
  open();
  await send();
  const [plain, kept] = await Promise.all([
    space
      .run(['enqueue', 'm#f', 'x=1', ':[1,12345678901234567890]', ...flags.slice(0, -1), 'plain'])
      .then(() => redis.client.hgetall(space.key('job:plain'))),
    redis.client.hgetall(space.key('job:j')),
  ]);
  const without = ({ created_at: _, ...rest }: Record<string, string>) => rest;
  assert.deepEqual(without(kept), without(plain));
  const due = Number(await redis.client.zscore(space.key('scheduled:default'), 'j')) * 1000;
  assert.ok(due >= before + 3_600_000 - 1000 && due <= before + 3_600_000 + 60_000, 'it counts from the enqueue');
});

test('a file that is sent twice is taken in once, also when its job is gone by then', async () => {
  const { keep, send, folder, files, queue, open, space } = await newFrontedSpace();
  await keep('m#f', '--job-id', 'j');
  const [name = ''] = files();
  const content = readFileSync(join(folder(), name));
  open();
  await send();
  await space.run(['delete', 'j']);
  writeFileSync(join(folder(), name), content);
  await send();
  assert.deepEqual([await queue(), files(), await redis.client.exists(space.key('job:j'))], [[], [], 0]);
});

test('an answer that is lost makes no second job: what was under way is kept under the same token', async () => {
  const { space, send, files, queue, open } = await newFrontedSpace();
  open({ dropsAnswers: true });
  const ran = await space.run(['enqueue', 'm#f', '--spool']);
  assert.deepEqual([ran.status, files().length, await queue()], [0, 1, [ran.stdout.trim()]]);
  open();
  await send();
  assert.deepEqual([files(), await queue()], [[], [ran.stdout.trim()]]);
});

test('many lines are kept in order, in batches; those behind the first that Redis does not take follow it', async () => {
  const { space, send, files, queue, open } = await newFrontedSpace();
  const input = Array.from({ length: 600 }, (_, i) => `${i}\n`).join('');
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-', '--spool'], { input });
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /600 jobs are kept in/);
  assert.equal(files().length, 3);
  open();
  await send();
  assert.deepEqual(await queue(), linesOf(ran.stdout));
});

test('twenty that send at once send each job once, in order', async () => {
  const { keep, send, files, queue, open } = await newFrontedSpace();
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) ids.push(await keep('m#f'));
  open();
  await Promise.all(Array.from({ length: 20 }, send));
  assert.deepEqual([await queue(), files()], [ids, []]);
});

test('one that is killed while it sends, at any moment, loses and doubles nothing', async () => {
  const { space, send, files, queue, open, folder, shut } = await newFrontedSpace();
  const input = Array.from({ length: 60 }, (_, i) => `${i}\n`).join('');
  // --jitter makes a file of each line.
  const { stdout } = await space.run(
    ['enqueue', 'm#f', '--lines', '-', '--spool', '--retry-max', '1', '--retry-interval', '9', '--jitter'],
    { input },
  );
  assert.equal(files().length, 60);
  open();
  for (let round = 0; round < 25 && files().length > 0; round++) {
    const { child, ended } = space.start(['cancel', 'nope']);
    const left = files().length;
    // From the first file on: as many sent as chance will have it.
    await until('it sends', () => files().length < left || child.exitCode !== null, 30_000);
    await sleep(Math.random() * 3);
    child.kill('SIGKILL');
    await ended;
  }
  await send();
  assert.deepEqual([await queue(), files()], [linesOf(stdout), []]);
  shut();
  assert.deepEqual(readdirSync(folder()), []);
});

test('damaged and foreign files are set aside and told once, and keep nobody from what is behind them', async () => {
  const { keep, send, folder, files, queue, open } = await newFrontedSpace();
  await keep('m#f', '--job-id', 'j');
  const [name = ''] = files();
  const whole = readFileSync(join(folder(), name), 'utf8');
  const bad = {
    'a-cut.json': whole.slice(0, -20),
    'b-empty.json': '',
    'c-foreign.json': '{"kind":"other"}',
    'd-newer.json': whole.replace('"version":1', '"version":2'),
    'e-elsewhere.json': whole.replace(/"namespace":"\w+"/, '"namespace":"else"'),
    'f-part.json': JSON.stringify({ ...JSON.parse(whole), jobs: [{ id: 'x' }] }),
  };
  for (const [file, content] of Object.entries(bad)) writeFileSync(join(folder(), `0-${file}`), content);
  mkdirSync(join(folder(), '0-folder.json'));
  open();
  const { stderr } = await send();
  assert.equal(stderr.match(/was set aside into/g)?.length, 7, stderr);
  assert.doesNotMatch((await send()).stderr, /spool/);
  assert.deepEqual([await queue(), files(), readdirSync(join(folder(), 'bad')).length], [['j'], [], 7]);
});

test('a job whose id is taken when it is sent is told, --unique is not', async () => {
  const { space, keep, send, open, shut } = await newFrontedSpace();
  await keep('m#f', '--job-id', 'j');
  await keep('m#f', '--job-id', 'k', '--unique');
  open();
  for (const id of ['j', 'k']) await redis.client.hset(space.key(`job:${id}`), 'status', 'queued', 'origin', 'default');
  const { stderr } = await send();
  assert.match(stderr, /spooled job j was not enqueued: a job of this id is still queued/);
  assert.doesNotMatch(stderr, /spooled job k/);
  shut();
});

test('a worker sends what waits when it starts, and as soon as its connection has come back', async () => {
  const { space, keep, files, open } = await newFrontedSpace();
  const path = newFolder({ 'm.mjs': 'export const f = () => 1;' });
  await keep('m#f', '--job-id', 'one');
  open();
  const worker = space.start(['worker', '--path', path]);
  await until('the first has finished', async () => (await space.field('one', 'status')) === 'finished', 30_000);
  await redis.kill('SIGKILL');
  await keep('m#f', '--job-id', 'two');
  assert.equal(files().length, 1);
  await redis.start();
  await until('the second has finished', async () => (await space.field('two', 'status')) === 'finished', 30_000);
  assert.match(worker.printed.stderr, /a spooled job was sent/);
  assert.equal(await endWorker(worker), 0);
});

test('a Redis that refuses for now is as good as one that is away; what it refuses for good is told', async () => {
  const { space, files, queue, open, send } = await newFrontedSpace();
  open();
  await redis.client.config('SET', 'maxmemory', '1');
  const ran = await space.run(['enqueue', 'm#f', '--spool']);
  await redis.client.config('SET', 'maxmemory', '0');
  assert.deepEqual([ran.status, files().length], [0, 1]);
  assert.match(ran.stderr, /has no memory left/);
  await send();
  assert.deepEqual(await queue(), [ran.stdout.trim()]);
  assert.equal((await space.run(['enqueue', 'm#f', '--spool', '--job-id', 'c', '--depends-on', 'c'])).status, 64);
});

test('where it cannot be kept it is 73, and what does not fit together is 64', async () => {
  const { space, home } = await newFrontedSpace();
  writeFileSync(join(home, 'spool'), '');
  const ran = await space.run(['enqueue', 'm#f', '--spool']);
  assert.deepEqual([ran.status, ran.stdout], [73, '']);
  assert.match(ran.stderr, /cannot be reached: .*; and job \S+ cannot be kept in /);
  for (const flags of [['--wait'], ['--once-per', '1m'], ['--max-depth', '5']]) {
    assert.equal((await space.run(['enqueue', 'm#f', '--spool', ...flags])).status, 64, flags.join(' '));
  }
});
