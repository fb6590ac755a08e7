import assert from 'node:assert/strict';
import { openLab } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, burst, python } = lab;

/** What works without unpickling: a Python program with RQ's default serialiser looks at a job of rqt. */
const LOOK = `
job = Job.fetch(id, connection=connection)
return [job.get_status(), job.description, job.origin, job.timeout, job.get_position(), str(job.created_at)[:2]]
`;

interop('with the default serialiser fetch, status and description work', async () => {
  const queued = await enqueue('quick#echo', 'a', 'b=c');
  assert.deepEqual(await python.run(LOOK, { id: queued }), ['queued', "quick#echo('a', b='c')", 'default', 180, 0, '20']);
  await burst();
  const failed = await enqueue('--meta', 'a=b', '--description', 'it fails', 'quick#fail');
  await burst();
  assert.deepEqual(await python.run(LOOK, { id: queued }), ['finished', "quick#echo('a', b='c')", 'default', 180, null, '20']);
  assert.deepEqual(await python.run(LOOK, { id: failed }), ['failed', 'it fails', 'default', 180, null, '20']);
});

interop('with the default serialiser lists, registries, groups and errors work', async () => {
  const failed = await enqueue('--group', 'g', 'quick#fail', 'boom');
  await burst();
  const queued = await enqueue('quick#nothing');
  const seen = await python.run<string[]>(
    `
    plain = Queue(connection=connection)
    job = plain.failed_job_registry.get_job_ids()[0]
    return [plain.job_ids, [each.id for each in plain.jobs], job, Job.fetch(job, connection=connection).latest_result().exc_string,
            [each.id for each in Group.fetch('g', connection=connection).get_jobs()]]`,
  );
  const [list, jobs, id, error, group] = seen;
  assert.deepEqual([list, jobs, id, group], [[queued], [queued], failed, [failed]]);
  assert.match(String(error), /boom/);
});

interop('with the default serialiser cancel and delete work, too', async () => {
  const [a, b] = [await enqueue('quick#nothing'), await enqueue('quick#nothing')];
  await python.run('Job.fetch(a, connection=connection).cancel(); Job.fetch(b, connection=connection).delete()', { a, b });
  assert.deepEqual([(await lab.status(a)).state, (await lab.rqt('status', b)).status], ['canceled', 66]);
  assert.deepEqual(await lab.places(a), ['canceled:default']);
});
