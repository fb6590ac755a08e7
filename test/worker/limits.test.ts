import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { until } from '../helpers/until.ts';
import { openStage } from './stage.ts';

const stage = await openStage();
const { put, burst } = stage;
beforeEach(() => stage.redis.client.flushall());

test('a job that runs longer than its timeout fails and says so; the next one runs', async () => {
  const id = await put('slow#forever', { fields: { timeout: 1 } });
  const next = await put('quick#nothing');
  const ran = await burst('--grace', '1s');
  assert.equal(ran.status, 1);
  assert.match((await stage.status(id)).error ?? '', /ran longer than its timeout of 1 s/);
  assert.equal((await stage.job(next)).status, 'finished');
});

test('a blocked event loop does not escape its timeout', async () => {
  const id = await put('slow#spin', { fields: { timeout: 1 } });
  const next = await put('quick#nothing');
  const ran = await burst('--grace', '0');
  assert.equal(ran.status, 1);
  assert.match((await stage.status(id)).error ?? '', /ran longer than its timeout of 1 s/);
  assert.equal((await stage.job(next)).status, 'finished');
});

test('a grandchild that ignores SIGTERM dies with its job', async () => {
  const file = stage.path('pid');
  const id = await put('slow#stubbornChild', { args: [file], fields: { timeout: 1 } });
  await burst('--grace', '1s');
  assert.match((await stage.status(id)).error ?? '', /timeout of 1 s, and had to be killed/);
  const pid = Number(readFileSync(file, 'utf8'));
  await until('the grandchild is gone', () => !existsSync(`/proc/${pid}`) || isZombie(pid));
});

test('a timed-out job with retries left is tried again', async () => {
  const id = await put('slow#forever', { fields: { timeout: 1, retries_left: 1 } });
  await burst('--grace', '0');
  const status = await stage.status(id);
  assert.deepEqual([status.state, status.attempt_count], ['failed', 2]);
});

test('a timeout of -1 is none', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file], fields: { timeout: -1 } });
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  gate.open();
  assert.equal((await worker.ended).status, 0);
});

function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}
