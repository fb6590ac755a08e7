import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { Redis } from 'ioredis';
import { openProxy } from '../../helpers/proxy.ts';
import { startRedis } from '../../helpers/redis.ts';
import { type Ran, rqt } from '../../helpers/rqt.ts';
import { until } from '../../helpers/until.ts';
import { openStage, told } from '../../worker/stage.ts';

/** A Redis that answers, but says no: its worker waits, says so once, settles and goes on; a command ends with its status and one line. */
const stage = await openStage('--appendonly', 'yes', '--enable-protected-configs', 'yes');
const { put, redis } = stage;
const { client } = redis;
beforeEach(async () => {
  await redis.kill('SIGKILL');
  await redis.start();
  await client.flushall();
});

interface Trouble {
  /** Makes Redis refuse. */
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
  /** Of `rqt enqueue` meanwhile. */
  readonly status: number;
  readonly says: RegExp;
  /** Some refusals let scripts through that end jobs. */
  readonly letsSettle?: boolean;
}

const cliffDir = join(redis.dir, 'gone');

const TROUBLES: Readonly<Record<string, Trouble>> = {
  READONLY: {
    begin: () => client.replicaof('127.0.0.1', 1),
    end: () => client.replicaof('NO', 'ONE'),
    status: 75,
    says: /is a read-only replica/,
  },
  BUSY: {
    begin: async () => {
      await client.config('SET', 'busy-reply-threshold', '50');
      const busy = new Redis({ path: redis.socket, maxRetriesPerRequest: null, retryStrategy: () => null });
      busy.on('error', () => {});
      busy
        .eval('while true do end', 0)
        .catch(() => {})
        .finally(() => busy.disconnect());
      await until('Redis is busy', () =>
        client.ping().then(
          () => false,
          () => true,
        ),
      );
    },
    end: async () => {
      await client.script('KILL');
      await until('Redis is free', () => client.ping().catch(() => false));
    },
    status: 75,
    says: /is busy with a script/,
  },
  OOM: {
    begin: () => client.config('SET', 'maxmemory', '1'),
    end: () => client.config('SET', 'maxmemory', '0'),
    status: 75,
    says: /has no memory left/,
    letsSettle: true,
  },
  MISCONF: {
    begin: async () => {
      mkdirSync(cliffDir);
      await client.config('SET', 'save', '1000 1000');
      await client.config('SET', 'dir', cliffDir);
      rmSync(cliffDir, { recursive: true });
      await client.bgsave();
      await until('the save has failed', async () => /rdb_last_bgsave_status:err/.test(await client.info('persistence')));
    },
    end: () => client.config('SET', 'stop-writes-on-bgsave-error', 'no'),
    status: 75,
    says: /cannot write its data to disk/,
  },
  'another password': {
    begin: async () => {
      await client.config('SET', 'requirepass', 'new');
      await dropConnections();
    },
    end: () => client.config('SET', 'requirepass', ''),
    status: 78,
    says: /wants a password/,
  },
};

let serial = 0;
for (const [name, trouble] of Object.entries(TROUBLES)) {
  test(`${name}: the worker waits, says so once, keeps the end of its job, hears, and goes on; a command ends with ${trouble.status}`, async () => {
    const gate = stage.gate();
    const notes = stage.path('notes');
    const id = await put('slow#notedGate', { args: [gate.file, notes] });
    const worker = await stage.start('--name', `w${++serial}`);
    await until('the task has begun', () => existsSync(notes));
    await trouble.begin();
    const refused = await stage.rqt('enqueue', 'quick#nothing');
    gate.open();
    await until('the job has ended', () => /end/.test(readFileSync(notes, 'utf8')));
    if (trouble.letsSettle) await stage.untilState(id, 'finished');
    else await until('it tells', () => WAITS.test(worker.printed.stderr));
    await trouble.end();
    await stage.untilState(id, 'finished');
    const next = await put('quick#nothing');
    await stage.untilState(next, 'finished');
    assert.equal((await stage.rqt('shutdown', `w${serial}`)).status, 0);
    const ran = await worker.ended;
    assert.equal(ran.status, 0, ran.stderr);
    assertToldOnce(ran);
    assert.equal(readFileSync(notes, 'utf8'), 'begin\nend\n');
    assert.deepEqual([(await stage.status(id)).state, (await stage.status(id)).attempt_count], ['finished', 1]);
    assert.equal(await client.xlen(`rq:results:${id}`), 1);
    assert.deepEqual([refused.status, refused.stdout], [trouble.status, ''], refused.stderr);
    assert.match(refused.stderr, trouble.says);
    assert.equal(refused.stderr.trimEnd().split('\n').length, 1, refused.stderr);
  });
}

test('LOADING: a worker waits until Redis has read its file, a command ends with 75', async () => {
  const slow = await openStage('--appendonly', 'yes', '--key-load-delay', '500');
  const gate = slow.gate();
  const notes = slow.path('notes');
  const id = await slow.put('slow#notedGate', { args: [gate.file, notes] });
  const worker = await slow.start('--name', 'w');
  await until('the task has begun', () => existsSync(notes));
  // Redis reads its file for some seconds then, and answers in between.
  const ballast = slow.redis.client.pipeline();
  for (let i = 0; i < 6000; i++) ballast.set('ballast', i);
  await ballast.exec();
  await slow.redis.kill('SIGKILL');
  gate.open();
  await until('the job has ended', () => /end/.test(readFileSync(notes, 'utf8')));
  const started = slow.redis.start();
  const refused = await until('a command is told', async () => {
    const ran = await slow.rqt('enqueue', 'quick#nothing');
    return ran.status === 69 && /ENOENT|ECONNREFUSED/.test(ran.stderr) ? null : ran;
  });
  assert.deepEqual([refused.status, refused.stdout], [75, ''], refused.stderr);
  assert.match(refused.stderr, /is still loading its data: try again[^\n]*\n$/);
  await started;
  await slow.untilState(id, 'finished');
  assert.equal((await slow.rqt('shutdown', 'w')).status, 0);
  const ran = await worker.ended;
  assert.equal(ran.status, 0);
  assertToldOnce(ran);
});

test('failover: a worker follows when its Redis has become the replica of another one', async () => {
  const [port, otherPort] = [await freePort(), await freePort()];
  const first = await openStage('--port', String(port));
  const other = await startRedis('--port', String(otherPort), '--replicaof', `127.0.0.1 ${port}`);
  const proxy = await openProxy(first.redis);
  const gate = first.gate();
  const notes = first.path('notes');
  const id = await first.put('slow#notedGate', { args: [gate.file, notes] });
  const worker = await first.start('--name', 'w', '--url', proxy.url);
  await until('the task has begun', () => existsSync(notes));
  await until('the other one has it', async () => (await other.client.hget(`rq:job:${id}`, 'status')) === 'started');
  await other.client.replicaof('NO', 'ONE');
  await first.redis.client.replicaof('127.0.0.1', otherPort);
  gate.open();
  await until('the job has ended', () => /end/.test(readFileSync(notes, 'utf8')));
  await until('it tells', () => WAITS.test(worker.printed.stderr));
  proxy.redirect(other);
  await until('the other one has its end', async () => (await other.client.hget(`rq:job:${id}`, 'status')) === 'finished');
  assert.equal((await rqt(['shutdown', 'w'], { env: { RQT_REDIS_URL: other.url } })).status, 0);
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assertToldOnce(ran);
  assert.equal(await other.client.xlen(`rq:results:${id}`), 1);
});

test('a worker that finds only a replica looks for a master with growing pauses, and says so once', async () => {
  const worker = await stage.start('--name', 'idle', '--job-monitoring-interval', '1');
  await client.replicaof('127.0.0.1', 1);
  await until('it tells', () => /does not take the heartbeat/.test(worker.printed.stderr));
  const heartbeats = await countCalls('evalsha');
  // Several beats: some seconds, in which a connection that came back at once would be made anew dozens of times.
  await until('it goes on trying', async () => (await countCalls('evalsha')) >= heartbeats + 4);
  const made = /total_connections_received:(\d+)/.exec(await client.info('stats'))?.[1];
  assert.ok(Number(made) < 40, `${made} connections`);
  await client.replicaof('NO', 'ONE');
  await stage.untilState(await put('quick#nothing'), 'finished');
  assert.equal((await stage.rqt('shutdown', 'idle')).status, 0);
  const ran = await worker.ended;
  assertToldOnce(ran);
});

async function countCalls(command: string): Promise<number> {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await client.info('commandstats'))?.[1] ?? 0);
}

const WAITS = /Redis connection lost|trying again/;

async function dropConnections(): Promise<void> {
  for (const type of ['pubsub', 'normal']) await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
}

/** What keeps a worker waiting is said once, however long it takes. */
function assertToldOnce(ran: Ran): void {
  const lines = told(ran, WAITS);
  const kinds = lines.map(line => line.replace(/trying again.*/, ''));
  assert.equal(new Set(kinds).size, kinds.length, ran.stderr);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
