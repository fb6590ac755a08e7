import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { formatBytes } from '../../src/bytes.ts';
import { until } from '../helpers/until.ts';
import { openStage } from './stage.ts';

const stage = await openStage();
const { put, burst } = stage;
beforeEach(() => stage.redis.client.flushall());

test('what a job writes is kept for status, by stream', async () => {
  const id = await put('quick#say', { args: ['out\n', 'err\n'] });
  await burst();
  const { stdout, stderr } = await stage.status(id);
  assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
});

test('what a job writes can be looked at while it runs', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst');
  await until('the running job’s output is kept', async () => (await stage.status(id)).stdout === 'the gate is closed\n');
  assert.equal((await stage.status(id)).state, 'started');
  gate.open();
  await worker.ended;
  assert.equal((await stage.status(id)).stdout, 'the gate is closed\nthe gate is open\n');
});

test('of much output the beginning and the end are kept, 64 KiB in all, and the cut is marked', async () => {
  const size = 300_000;
  const id = await put('quick#say', { args: [`first line\n${'x'.repeat(size)}\nlast line\n`] });
  await burst('-q');
  const { stdout, stdout_cut_bytes: cut } = await stage.status(id);
  assert.ok(stdout.includes(`\n… ${formatBytes(cut)} were cut here …\n`));
  assert.ok(stdout.startsWith('first line\n') && stdout.endsWith('\nlast line\n'));
  assert.equal(stdout.replace(/\n….*…\n/, '').length + cut, size + 22);
  assert.ok(stdout.length <= 64 * 1024 + 100 && stdout.length > 60 * 1024, `${stdout.length} kept`);
});

test('each stream has its own cap', async () => {
  const id = await put('quick#say', { args: ['x'.repeat(100_000), 'y'.repeat(100_000)] });
  await burst('-q');
  const status = await stage.status(id);
  assert.ok(/x{30000}/.test(status.stdout) && !status.stdout.includes('yy'));
  assert.ok(/y{30000}/.test(status.stderr) && !status.stderr.includes('xx'));
});

test('a character that comes in two writes is whole', async () => {
  const text = `${'ä€😀'.repeat(20_000)}\n`;
  const id = await put('quick#say', { args: [text] });
  const ran = await burst();
  assert.equal(ran.stdout.includes('\ufffd'), false);
  assert.ok((await stage.status(id)).stdout.startsWith('ä€😀'));
});

test('a new attempt’s output replaces the old one’s', async () => {
  const id = await put('quick#failUntil', { args: [2], fields: { retries_left: 1 } });
  await burst();
  assert.equal((await stage.status(id)).attempt_count, 2);
  assert.equal((await stage.status(id)).stdout, '');
});

test('output belongs to the job that wrote it', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 30; i++) ids.push(await put('quick#say', { args: [`from ${i}\n`] }));
  await burst('-q');
  for (const [i, id] of ids.slice(0, 5).entries()) assert.equal((await stage.status(id)).stdout, `from ${i}\n`);
});
