import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { beforeEach, test } from 'node:test';
import { openProxy } from '../helpers/proxy.ts';
import { startRqt } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { openStage, told } from './stage.ts';

const stage = await openStage();
const { put, redis } = stage;
beforeEach(() => redis.client.flushall());

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`the first ${signal} finishes the running job and stops; the rest stays queued`, async () => {
    const gate = stage.gate();
    const running = await put('slow#gate', { args: [gate.file] });
    const rest = await put('quick#nothing');
    const worker = await stage.start();
    await stage.untilState(running, 'started');
    worker.child.kill(signal);
    await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
    gate.open();
    const ran = await worker.ended;
    assert.equal(ran.status, 0);
    assert.match(ran.stderr, /stopped on request, quitting \(1 job done, 0 failed\)/);
    assert.equal((await stage.job(running)).status, 'finished');
    assert.deepEqual(await stage.places(rest), ['queue:default']);
    assert.deepEqual(await redis.client.smembers('rq:workers'), []);
  });

  test(`an idle worker ends at once on ${signal}`, async () => {
    const worker = await stage.start();
    await until('it waits', async () => /cmd=blmove/.test(String(await redis.client.client('LIST'))));
    worker.child.kill(signal);
    assert.equal((await worker.ended).status, 0);
    assert.deepEqual(await redis.client.smembers('rq:workers'), []);
  });
}

test('a signal that comes while the worker is being registered is not lost: it ends, and unregisters', async () => {
  await redis.client.client('PAUSE', 60_000, 'WRITE');
  const worker = startRqt(['worker'], { env: { RQT_REDIS_URL: redis.url } });
  await until('its registration waits', async () => /cmd=eval/.test(String(await redis.client.client('LIST'))));
  worker.child.kill('SIGTERM');
  await until('the signal has arrived', () => !isPending(worker.child.pid ?? 0, constants.signals.SIGTERM));
  await redis.client.client('UNPAUSE');
  const ran = await worker.ended;
  assert.deepEqual([ran.status, ran.signal], [0, null]);
  assert.deepEqual(await redis.client.smembers('rq:workers'), []);
});

/** Whether a signal still waits to be handled by a process. */
function isPending(pid: number, signal: number): boolean {
  const pending = /^ShdPnd:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${pending}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

test('gap 18: the second signal stops at once and puts the job back at the front of its queue, which is neither failure nor crash', async () => {
  const running = await put('slow#forever', { fields: { retries_left: 3 } });
  const rest = await put('quick#nothing');
  const worker = await stage.start('--grace', '0');
  await stage.untilState(running, 'started');
  worker.child.kill('SIGTERM');
  await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
  await untilAnotherSignalCounts();
  worker.child.kill('SIGTERM');
  const ran = await worker.ended;
  assert.equal(told(ran, /cold shut down/).length, 1);
  assert.equal(told(ran, /Job put back/).length, 1);
  assert.deepEqual(await redis.client.lrange('rq:queue:default', 0, -1), [running, rest]);
  const job = await stage.job(running);
  assert.deepEqual([job.status, job.rqt_crashes, job.retries_left], ['queued', undefined, '3']);
  assert.deepEqual(await redis.client.keys('rq:wip:*'), []);
  assert.deepEqual(await redis.client.keys('rq:execution*'), []);
  assert.deepEqual(await redis.client.xlen(`rq:results:${running}`), 0);
});

test('a job with a blocked event loop is put back by the second signal, too', async () => {
  const id = await put('slow#spin');
  const worker = await stage.start('--grace', '0');
  await stage.untilState(id, 'started');
  worker.child.kill('SIGINT');
  await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
  await untilAnotherSignalCounts();
  worker.child.kill('SIGINT');
  await worker.ended;
  assert.deepEqual(await stage.places(id), ['queue:default']);
});

test('a signal that comes twice within an instant counts once, as Ctrl-C may reach a process more than once', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start();
  await stage.untilState(id, 'started');
  worker.child.kill('SIGINT');
  worker.child.kill('SIGTERM');
  await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
  gate.open();
  assert.deepEqual(told(await worker.ended, /cold/), []);
  assert.equal((await stage.job(id)).status, 'finished');
});

test('a job that was being claimed when both signals came does not begin, also one that may only once', async () => {
  const proxy = await openProxy(redis);
  const notes = stage.path('notes');
  const worker = await stage.start('--url', proxy.url, '--grace', '0');
  await until('it idles', async () => (await redis.client.hvals(await workerKey())).includes('idle'));
  proxy.delay(1500);
  const id = await put('quick#note', { args: [notes, 'ran'], fields: { rqt_at_most_once: 1 } });
  // Redis has done it, and its answer is on the way.
  await stage.untilState(id, 'started');
  worker.child.kill('SIGTERM');
  await untilAnotherSignalCounts();
  worker.child.kill('SIGTERM');
  await worker.ended;
  assert.deepEqual([await stage.places(id), existsSync(notes)], [['queue:default'], false]);
  const job = await stage.job(id);
  assert.deepEqual([job.status, job.rqt_attempts, job.rqt_interruptions], ['queued', '0', undefined]);
});

test('a burst that a signal ended says so by its exit status', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  worker.child.kill('SIGTERM');
  gate.open();
  assert.equal((await worker.ended).status, 143);
});

test('Ctrl-C in a terminal does not reach the job, which has a process group of its own', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start();
  await stage.untilState(id, 'started');
  const groups = stage.processes().map(pid => groupOf(pid));
  assert.ok(groups.some(group => group !== groupOf(worker.child.pid ?? 0)));
  worker.child.kill('SIGINT');
  gate.open();
  await worker.ended;
  assert.equal((await stage.job(id)).status, 'finished');
});

async function workerKey(): Promise<string> {
  return (await redis.client.smembers('rq:workers'))[0] ?? '';
}

/** A second signal within 200 ms is taken for the first one again. */
async function untilAnotherSignalCounts(): Promise<void> {
  const heardAt = Date.now();
  await until('a moment has passed', () => Date.now() - heardAt > 250);
}

function groupOf(pid: number): string | undefined {
  return /\) \w \d+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
}
