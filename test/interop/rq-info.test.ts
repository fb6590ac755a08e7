import assert from 'node:assert/strict';
import { dumpKeys } from '../helpers/keyspace.ts';
import { linesOf } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { endRq, openLab } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, burst, rq } = lab;

/** Two queues with jobs of every state and one worker in the middle of a job; returns what ends it. */
async function fill(): Promise<() => Promise<void>> {
  for (const task of ['quick#nothing', 'quick#nothing', 'quick#fail']) await enqueue(task);
  await burst();
  const gate = lab.gate();
  const id = await enqueue('slow#gate', gate.file);
  const worker = await lab.start('--name', 'ts', 'default');
  await lab.untilState(id, 'started');
  await enqueue('--depends-on', id, 'quick#nothing');
  await enqueue('--schedule-in', '1h', 'quick#nothing');
  await lab.rqt('cancel', await enqueue('quick#nothing'));
  await enqueue('quick#nothing');
  for (let i = 0; i < 2; i++) await enqueue('-q', 'low', 'quick#nothing');
  return async () => {
    gate.open();
    worker.child.kill('SIGTERM');
    await worker.ended;
  };
}

interop('rq info prints the numbers of rqt’s queues and workers, in all its modes', async () => {
  const end = await fill();
  const [all, queues, raw, workers, byQueue, one] = await Promise.all([
    rq('info'),
    rq('info', '-Q'),
    rq('info', '-r'),
    rq('info', '-W'),
    rq('info', '-R'),
    rq('info', '-Q', '-r', 'low'),
  ]);
  for (const text of [all, queues]) {
    assert.match(text, /^default +\|█* 1, 1 executing, 2 finished, 1 failed$/m);
    assert.match(text, /^low +\|█* 2, 0 executing, 0 finished, 0 failed$/m);
    assert.match(text, /^2 queues, 3 jobs total$/m);
  }
  assert.match(raw, /^queue default 1, 1 executing, 2 finished, 1 failed$/m);
  assert.match(raw, /^worker ts \(\S+ \S+ \d+\) busy default\. jobs: 0 finished, 0 failed$/m);
  for (const text of [all, workers]) {
    assert.match(text, /^ts \(\S+ \S+ \d+\): busy default\. jobs: 0 finished, 0 failed$/m);
    assert.match(text, /^1 workers, 2 queues$/m);
  }
  assert.match(byQueue, /^default: ts \(busy\)$/m);
  assert.match(byQueue, /^low: +–$/m);
  assert.deepEqual(linesOf(one), ['queue low 2, 0 executing, 0 finished, 0 failed']);
  await end();
});

interop('rq info --interval tells how the numbers go on', async () => {
  await enqueue('quick#nothing');
  const info = lab.startProgram('info', '-r', '-i', '0.1');
  let told = '';
  info.stdout?.setEncoding('utf8').on('data', text => {
    told += text;
  });
  await until('it has told them', () => /^queue default 1, 0 executing, 0 finished, 0 failed$/m.test(told));
  await burst();
  await until('it has told the change', () => /^queue default 0, 0 executing, 1 finished, 0 failed$/m.test(told));
  await endRq(info);
});

interop('rq info changes nothing', async () => {
  const end = await fill();
  // The worker's own heartbeat is no change of rq's.
  const withoutBeats = (dump: Record<string, string>) =>
    Object.fromEntries(Object.entries(dump).filter(([key]) => !/^rq:(worker|execution|executions|wip):|:output:/.test(key)));
  const before = withoutBeats(await dumpKeys(lab.redis.client));
  await Promise.all([rq('info'), rq('info', '-R'), rq('info', '-r', 'default')]);
  assert.deepEqual(withoutBeats(await dumpKeys(lab.redis.client)), before);
  await end();
});

interop('rq info shows a suspended worker', async () => {
  const worker = await lab.start('--name', 'ts');
  await rq('suspend');
  await enqueue('quick#nothing');
  await until('the worker is suspended', async () => /ts .*: suspended default\./.test(await rq('info', '-W')));
  worker.child.kill('SIGTERM');
  await worker.ended;
});
