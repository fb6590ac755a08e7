import assert from 'node:assert/strict';
import { until } from '../helpers/until.ts';
import { endRq, openLab } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, python } = lab;

interop('fsck finds nothing, and mends nothing, while a Python worker and an rqt one are busy with the same Redis', async () => {
  const [worker, pythons] = await Promise.all([lab.start('ts'), lab.startRq('py', 'python', '--with-scheduler')]);
  const first = await enqueue('-q', 'python', 'pytasks.add', ':1', ':2');
  const ids = await python.run<string[]>(
    `q = queue("python")
ids = []
for n in range(20):
    ids += [q.enqueue("pytasks.add", n, 1).id, q.enqueue("pytasks.fail", retry=Retry(max=1)).id]
    ids += [q.enqueue("pytasks.add", n, 2, depends_on=ids[-2]).id, q.enqueue_in(timedelta(seconds=1), "pytasks.echo", n).id]
return ids`,
  );
  const mixed = await Promise.all(
    ids.slice(0, 4).map(id => enqueue('-q', 'ts', '--depends-on', id, '--allow-failure', 'quick#nothing')),
  );
  for (let look = 0; look < 4; look += 1) {
    const ran = await lab.rqt('fsck', ...(look % 2 ? ['--fix'] : []));
    assert.equal(ran.status, 0, ran.stdout);
    assert.match(ran.stdout, /^nothing found/);
  }
  const all = [first, ...ids, ...mixed];
  await until('all have ended', async () =>
    (await lab.states(...all)).every(state => state === 'finished' || state === 'failed'),
  );
  assert.equal((await lab.states(...all)).filter(state => state === 'failed').length, 20);
  worker.child.kill('SIGTERM');
  await Promise.all([worker.ended, endRq(pythons)]);
  const after = await lab.rqt('fsck', '--grace', '0');
  assert.match(after.stdout, /^nothing found/);
});
