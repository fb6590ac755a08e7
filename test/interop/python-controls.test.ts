import assert from 'node:assert/strict';
import { until } from '../helpers/until.ts';
import { told } from '../worker/stage.ts';
import { openLab } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, python } = lab;

/** A job that runs in a worker named `ts`. */
async function startRunning(...flags: string[]) {
  const gate = lab.gate();
  const id = await enqueue(...flags, 'slow#gate', gate.file);
  const worker = await lab.start('--name', 'ts', '--grace', '1s');
  await lab.untilState(id, 'started');
  const end = async () => {
    worker.child.kill('SIGTERM');
    return worker.ended;
  };
  return { id, gate, worker, end };
}

async function workerState(): Promise<string | undefined> {
  const { workers } = await lab.json<{ workers: { state: string }[] }>('info');
  return workers[0]?.state;
}

interop('send_stop_job_command stops the job at once, whatever its retries', async () => {
  const { id, end } = await startRunning('--retry-max', '3');
  await python.run('rq.command.send_stop_job_command(connection, id, serializer=JSONSerializer)', { id });
  await lab.untilState(id, 'stopped');
  assert.equal(await workerState(), 'idle');
  const ran = await end();
  assert.equal(told(ran, /stopped/).length > 0, true, ran.stderr);
  assert.deepEqual(await python.run('return [each.type for each in fetch(id).results()]', { id }), [3]);
});

interop('send_stop_job_command for another job is ignored', async () => {
  const { id, gate, end } = await startRunning();
  await python.run('rq.command.send_command(connection, "ts", "stop-job", job_id="another")');
  await python.run('rq.command.send_command(connection, "ts", "dance"); connection.publish("rq:pubsub:ts", "no JSON")');
  gate.open();
  await lab.untilState(id, 'finished');
  await end();
});

interop('send_kill_horse_command fails the job, and its retries apply', async () => {
  const { id, gate, end } = await startRunning('--retry-max', '1');
  await python.run('rq.command.send_kill_horse_command(connection, "ts")');
  await until('it was tried again', async () => (await lab.status(id)).attempt_count === 2);
  gate.open();
  await lab.untilState(id, 'finished');
  assert.deepEqual(await python.run('return [each.type for each in fetch(id).results()]', { id }), [1, 4]);
  await python.run('rq.command.send_kill_horse_command(connection, "ts")');
  assert.equal((await end()).status, 0);
});

interop('send_shutdown_command lets the job finish and ends the worker', async () => {
  const { id, gate, worker } = await startRunning();
  const next = await enqueue('quick#nothing');
  await python.run('rq.command.send_shutdown_command(connection, "ts")');
  await until('it has heard', () => /Warm shut down|warm/i.test(worker.printed.stderr));
  gate.open();
  const ran = await worker.ended;
  assert.equal(ran.status, 0);
  assert.deepEqual(await lab.states(id, next), ['finished', 'queued']);
  assert.deepEqual(await python.run('return Worker.all(connection=connection)'), []);
});

interop('suspend and resume, from Python and by rq suspend and rq resume', async () => {
  const worker = await lab.start('--name', 'ts');
  await python.run('rq.suspension.suspend(connection)');
  const id = await enqueue('quick#nothing');
  await until('the worker says that it is suspended', async () => (await workerState()) === 'suspended');
  assert.deepEqual([(await lab.status(id)).state, (await lab.json<{ suspended: boolean }>('info')).suspended], ['queued', true]);
  assert.equal((await lab.rqt('worker', '--burst')).status, 75);
  await python.run('rq.suspension.resume(connection)');
  await lab.untilState(id, 'finished');

  await lab.rq('suspend', '--duration', '600');
  const second = await enqueue('quick#nothing');
  await until('it is suspended again', async () => (await workerState()) === 'suspended');
  assert.equal((await lab.status(second)).state, 'queued');
  await lab.rq('resume');
  await lab.untilState(second, 'finished');
  worker.child.kill('SIGTERM');
  await worker.ended;
});

interop('what rqt suspends and resumes, Python sees', async () => {
  await lab.rqt('suspend');
  assert.equal(await python.run('return rq.suspension.is_suspended(connection)'), 1);
  await lab.rqt('resume');
  assert.equal(await python.run('return rq.suspension.is_suspended(connection)'), 0);
});
