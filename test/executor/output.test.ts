import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../helpers/until.ts';
import { startPool } from './pools.ts';

const { run, retired } = startPool();

test('the output of thousands of alternating jobs is that of the job that wrote it, to the last byte', async () => {
  const ways = ['viaConsole', 'viaFs'];
  for (let at = 0; at < 2_000; at++) {
    const size = at % 100 === 0 ? 300_000 : (at * 37) % 700;
    await expectExact(ways[at % ways.length] ?? '', `${at}.`, size);
    if (at % 3 === 0) assert.deepEqual(await silent(), { stdout: '', stderr: '' });
  }
  assert.deepEqual(retired, []);
});

test('so is what the children of jobs write', async () => {
  const ways = ['viaSpawn', 'viaSpawnSync', 'viaDevices'];
  for (let at = 0; at < 60; at++) await expectExact(ways[at % ways.length] ?? '', `${at}.`, at % 10 === 0 ? 250_000 : at * 31);
  assert.deepEqual(retired, []);
});

test('what is written through different doors keeps its order', async () => {
  assert.equal((await run('output#mixed')).stdout, '1234');
});

test("warnings of the task's own are part of its output", async () => {
  assert.match((await run('output#warns')).stderr, /Warning: mind this/);
});

test('a job that floods is slowed down to the speed of its reader', async () => {
  let heldBytes = 0;
  let open = () => {};
  const gate = new Promise<void>(resolve => {
    open = resolve;
  });
  const slow = startPool({
    onOutput: (_call, _stream, chunk) => {
      heldBytes += chunk.length;
      return gate;
    },
  });
  const job = slow.start('endless#floods');
  await until('something came', () => heldBytes > 0);
  const before = heldBytes;
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  assert.ok(heldBytes - before <= 2 ** 20, `${heldBytes} bytes came through a closed gate`);
  job.stop('lost');
  open();
  assert.deepEqual(await job.outcome, { kind: 'stopped', by: 'lost' });
});

test('a flood does not keep its job from being ended by its timeout', async () => {
  let bytes = 0;
  const pool = startPool({
    onOutput: (_call, _stream, chunk) => {
      bytes += chunk.length;
    },
  });
  const rssBefore = process.memoryUsage.rss();
  const outcome = await pool.start('endless#floods', { timeoutMs: 700 }).outcome;
  assert.equal(outcome.kind, 'failed');
  assert.ok(bytes > 2 ** 22);
  assert.ok(process.memoryUsage.rss() - rssBefore < 300 * 2 ** 20);
});

async function expectExact(way: string, mark: string, size: number): Promise<void> {
  const expected = `${mark.repeat(Math.ceil(size / mark.length)).slice(0, size)}\n`;
  const { stdout, stderr, outcome } = await run(`output#${way}`, mark, size);
  assert.equal(outcome.kind, 'finished');
  assert.ok(stdout === expected, `stdout of ${way} ${mark} has ${stdout.length} of ${expected.length} bytes`);
  assert.ok(stderr === expected, `stderr of ${way} ${mark} has ${stderr.length} of ${expected.length} bytes`);
}

async function silent(): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await run('basics#noop');
  return { stdout, stderr };
}
