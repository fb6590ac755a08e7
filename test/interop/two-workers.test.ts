import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { until } from '../helpers/until.ts';
import { endRq, openLab, type Seen } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, burst, burstRq, python } = lab;

interop('a chain across a Python and an rqt worker, both at work: each runs its part, in order', async () => {
  const notes = lab.path('notes');
  const [worker, pythons] = await Promise.all([lab.start('ts'), lab.startRq('py', 'python')]);
  const first = await enqueue('-q', 'python', 'pytasks.note', notes, '1 python');
  const second = await enqueue('-q', 'ts', '--depends-on', first, 'quick#note', notes, '2 ts');
  const third = await python.run<string>(
    'return queue("python").enqueue("pytasks.note", notes, "3 python", depends_on=second).id',
    { second, notes },
  );
  const fourth = await python.run<string>('return queue("ts").enqueue("quick#note", notes, "4 ts", depends_on=third).id', {
    third,
    notes,
  });
  await lab.untilState(fourth, 'finished');
  assert.equal(readFileSync(notes, 'utf8'), '1 python\n2 ts\n3 python\n4 ts\n');
  const seen = await python.run<Seen[]>('return [everything(id) for id in ids]', { ids: [first, second, third, fourth] });
  assert.deepEqual(
    seen.map(job => [job.status, job.worker_name === 'py', job.results.map(({ type }) => type)]),
    [
      ['finished', true, [1]],
      ['finished', false, [1]],
      ['finished', true, [1]],
      ['finished', false, [1]],
    ],
  );
  assert.deepEqual(await lab.redis.client.keys('rq:deferred:*'), []);
  worker.child.kill('SIGTERM');
  await Promise.all([worker.ended, endRq(pythons)]);
});

interop('a child waits for parents of both languages', async () => {
  const ofPython = await enqueue('-q', 'python', 'pytasks.add', ':1', ':2');
  const ofTs = await enqueue('-q', 'ts', 'quick#add', ':3', ':4');
  const here = await enqueue('-q', 'ts', '--depends-on', `${ofPython},${ofTs}`, 'quick#nothing');
  const there = await python.run<string>('return queue("python").enqueue("pytasks.add", 5, 6, depends_on=parents).id', {
    parents: [ofPython, ofTs],
  });
  await burst('ts');
  assert.deepEqual(await lab.states(here, there), ['deferred', 'deferred']);
  await burstRq('python');
  assert.equal((await lab.status(there)).result, 11);
  await burst('ts');
  assert.equal((await lab.status(here)).state, 'finished');
});

interop('a parent that fails in a Python worker cancels its rqt child, and runs the one that allows it', async () => {
  const parent = await enqueue('-q', 'python', 'pytasks.fail');
  const strict = await enqueue('-q', 'ts', '--depends-on', parent, 'quick#nothing');
  const patient = await enqueue('-q', 'ts', '--depends-on', parent, '--on-parent-failure', 'wait', 'quick#nothing');
  const lenient = await enqueue('-q', 'ts', '--depends-on', parent, '--allow-failure', 'quick#nothing');
  await burstRq('python');
  await burst('ts');
  assert.deepEqual(await lab.states(parent, strict, patient, lenient), ['failed', 'canceled', 'deferred', 'finished']);
  assert.equal((await lab.status(strict)).cancel_reason, `its parent ${parent} failed`);
  // Canceled with its parent, and put back by a person: it waits for the parent again, however often it is looked at.
  await lab.rqt('requeue', strict);
  await burst('ts');
  assert.equal((await lab.status(strict)).state, 'deferred');
});

interop('a parent that fails in an rqt worker: Python’s children as RQ has it', async () => {
  const parent = await enqueue('-q', 'ts', 'quick#fail');
  const [strict = '', lenient = ''] = await python.run<string[]>(
    `
    found = queue('python')
    return [found.enqueue('pytasks.add', 1, 2, depends_on=parent).id,
            found.enqueue('pytasks.add', 1, 2, depends_on=Dependency([parent], allow_failure=True, enqueue_at_front=True)).id]`,
    { parent },
  );
  await burst('ts');
  await burstRq('python');
  assert.deepEqual(await lab.states(strict, lenient), ['deferred', 'finished']);
  // The parent succeeds after all: its child is released.
  await lab.redis.client.hset(`rq:job:${parent}`, 'data', '["quick#nothing", null, [], {}]');
  await lab.rqt('requeue', parent);
  await burst('ts');
  assert.equal((await lab.status(strict)).state, 'queued');
  await burstRq('python');
  assert.equal((await lab.status(strict)).state, 'finished');
});

interop('what rqt schedules, retries and repeats for a Python queue is RQ’s to run', async () => {
  const later = await enqueue('-q', 'python', '--schedule-in', '1s', 'pytasks.add', ':1', ':2');
  const retried = await enqueue('-q', 'python', '--retry-max', '1', 'pytasks.fail');
  const repeated = await enqueue('-q', 'python', '--repeat', '2', 'pytasks.echo', 'ä', 'k:={"n": [null]}');
  await burstRq('python');
  const [failed, finished] = [await lab.status(retried), await lab.status(repeated)];
  assert.deepEqual([failed.state, failed.attempt_count], ['failed', 1]);
  assert.deepEqual([finished.result, finished.attempt_count], [[['ä'], { k: { n: [null] } }], 3]);
  await until('the job is due', async () => {
    const enqueued = await python.run<number>(`
      from rq.scheduler import RQScheduler
      scheduler = RQScheduler(['python'], connection=connection, serializer=JSONSerializer)
      scheduler.acquire_locks()
      scheduler.enqueue_scheduled_jobs()
      scheduler.release_locks()
      return queue('python').count`);
    return enqueued === 1;
  });
  await burstRq('python');
  assert.equal((await lab.status(later)).result, 3);
});
