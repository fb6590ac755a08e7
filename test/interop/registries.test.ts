import assert from 'node:assert/strict';
import { openLab } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, burst, python } = lab;

interop('Python finds each job in the registry of its state', async () => {
  const finished = await enqueue('quick#nothing');
  const failed = await enqueue('quick#fail');
  await burst();
  const scheduled = await enqueue('--schedule-in', '1h', 'quick#nothing');
  const canceled = await enqueue('quick#nothing');
  await lab.rqt('cancel', canceled);
  const gate = lab.gate();
  const started = await enqueue('slow#gate', gate.file);
  const worker = await lab.start('--burst');
  await lab.untilState(started, 'started');
  const queued = [await enqueue('quick#nothing'), await enqueue('quick#nothing')];
  const front = await enqueue('--at-front', 'quick#nothing');
  const deferred = await enqueue('--depends-on', started, 'quick#nothing');
  assert.deepEqual(await python.run('return registries()'), {
    started: [started],
    finished: [finished],
    failed: [failed],
    deferred: [deferred],
    scheduled: [scheduled],
    canceled: [canceled],
  });
  const list = await python.run(
    'found = queue(); return [found.job_ids, found.count, [job.id for job in found.jobs], found.get_job_position(last)]',
    { last: queued[1] },
  );
  const ids = [front, ...queued];
  assert.deepEqual(list, [ids, 3, ids, 2]);
  gate.open();
  await worker.ended;
});

interop('Queue.all names the queues of queued, scheduled and deferred jobs', async () => {
  const parent = await enqueue('-q', 'a', 'quick#nothing');
  await enqueue('-q', 'b-ü', '--schedule-in', '1h', 'quick#nothing');
  await enqueue('-q', 'c:d', '--depends-on', parent, 'quick#nothing');
  const names = await python.run('return {each.name for each in Queue.all(connection=connection)}');
  assert.deepEqual(names, ['a', 'b-ü', 'c:d']);
});

interop('Worker.all: every property of a busy, an idle and an ended worker', async () => {
  const gate = lab.gate();
  await enqueue('quick#nothing');
  await enqueue('quick#fail');
  const id = await enqueue('slow#gate', gate.file);
  const worker = await lab.start('--name', 'ts', 'default', 'low');
  await lab.untilState(id, 'started');
  const look = () =>
    python.run<Record<string, unknown>[]>(`
    found = []
    for each in Worker.all(connection=connection):
        found.append({name: getattr(each, name) for name in ('name', 'hostname', 'pid', 'ip_address', 'version', 'birth_date',
            'last_heartbeat', 'successful_job_count', 'failed_job_count', 'total_working_time')})
        found[-1].update(state=each.get_state(), queues=each.queue_names(), current=each.get_current_job_id(),
            stopping=each.shutdown_requested_date, dead=each.death_date)
    return found`);
  const [busy, ...more] = await look();
  assert.deepEqual(
    [busy?.name, busy?.pid, busy?.state, busy?.queues, busy?.successful_job_count, busy?.failed_job_count, more],
    ['ts', worker.child.pid, 'busy', ['default', 'low'], 1, 1, []],
  );
  assert.ok(Number(busy?.total_working_time) > 0);
  assert.deepEqual([busy?.current, busy?.dead, busy?.stopping], [null, null, null]);
  for (const name of ['birth_date', 'last_heartbeat']) assert.match(String(busy?.[name]), /^\d{4}-/);
  for (const name of ['hostname', 'ip_address', 'version']) assert.ok(busy?.[name], name);
  const perQueue = await python.run(
    `return [[each.name for each in Worker.all(queue=queue(name))] for name in ('default', 'low', 'none')] + [
        Worker.count(connection=connection), Worker.find_by_key('rq:worker:ts', connection=connection).name]`,
  );
  assert.deepEqual(perQueue, [['ts'], ['ts'], [], 1, 'ts']);
  gate.open();
  await lab.untilState(id, 'finished');
  const [idle] = await look();
  assert.deepEqual([idle?.state, idle?.successful_job_count], ['idle', 2]);
  worker.child.kill('SIGTERM');
  await worker.ended;
  assert.deepEqual(await look(), []);
  const dead = await python.run<string>('return Worker("queue", name="ts", connection=connection).death_date');
  assert.match(dead, /^\d{4}-/);
});

interop('Group.fetch and Group.all see the jobs of a group', async () => {
  const ids = [await enqueue('--group', 'g', 'quick#nothing'), await enqueue('--group', 'g', '-q', 'other', 'quick#fail')];
  const look = () =>
    python.run(`
    group = Group.fetch('g', connection=connection)
    return [{job.id for job in group.get_jobs()}, [each.name for each in Group.all(connection=connection)]]`);
  assert.deepEqual(await look(), [[...ids].sort(), ['g']]);
  await burst('default', 'other');
  assert.deepEqual(await look(), [[...ids].sort(), ['g']]);
});
