/** Whatever is published to a live worker's channel, it lives on, and hears what is meant for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../fuzz/fuzz.ts';
import { endWorker } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;
const path = newFolder({
  'some.mjs': 'export const waits = () => new Promise(resolve => setTimeout(resolve, 600_000));\nexport const quick = () => 1;\n',
});
const seed = Number(process.env.RQT_FUZZ_SEED ?? 1);
const MESSAGES = Math.min(Number(process.env.RQT_FUZZ_INPUTS ?? 3000), 100_000);

const VALUES = [
  'shutdown ',
  'SHUTDOWN',
  'stop-job',
  '',
  'x'.repeat(1000),
  0,
  -1,
  1e308,
  true,
  null,
  [],
  {},
  [['stop-job']],
  { command: 'x' },
];

/** Nothing of it is a command for this worker: `stop-job` names no job that it runs. */
function noise(random: Random): Buffer {
  switch (random.below(5)) {
    case 0:
      return random.bytes(random.below(200));
    case 1:
      return Buffer.from('['.repeat(random.below(20_000)));
    case 2:
      return Buffer.from(JSON.stringify(random.pick(VALUES)));
    case 3:
      return Buffer.from(
        JSON.stringify({ command: random.pick(VALUES), job_id: random.pick(VALUES), more: random.pick(VALUES) }),
      );
    default:
      return random.below(50) === 0
        ? Buffer.alloc(1_000_000, 0x20)
        : Buffer.from('{"command":"shutdown"'.slice(0, random.below(21)));
  }
}

test(`${MESSAGES} messages of noise on its channels: the worker says nothing of them, and obeys the next command (RQT_FUZZ_SEED=${seed})`, async () => {
  const space = newSpace(redis);
  const worker = space.start(['worker', '--path', path, '--name', 'w']);
  const id = await space.enqueue('some#waits');
  await until('it runs', async () => (await space.field(id, 'status')) === 'started');
  const before = worker.printed.stderr + worker.printed.stdout;
  const random = new Random(seed);
  for (let sent = 0; sent < MESSAGES; sent += 100) {
    const pipeline = client.pipeline();
    for (let i = 0; i < 100; i += 1)
      pipeline.publish(space.key(random.below(20) === 0 ? 'pubsub:rqt:cron' : 'pubsub:w'), noise(random));
    const heard = (await pipeline.exec()) ?? [];
    assert.ok(
      heard.every(([error, listeners]) => error === null && listeners === 1),
      'it does not listen any more',
    );
  }
  const stopped = await space.run(['stop', id]);
  assert.equal(stopped.status, 0, stopped.stderr);
  assert.equal(await space.field(id, 'status'), 'stopped');
  const next = await space.enqueue('some#quick');
  await until('the next one is done', async () => (await space.field(next, 'status')) === 'finished');
  const said = linesOf((worker.printed.stderr + worker.printed.stdout).slice(before.length));
  assert.ok(said.length < 10, said.join('\n'));
  assert.equal(await endWorker(worker), 0);
});
