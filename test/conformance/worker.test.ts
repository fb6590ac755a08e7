import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { newFolder } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { endWarmly, openCases, startBusy, untilListening } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq('a worker registers under its name with its queues, process and times, and is gone from the sets when it ends', async life => {
  const worker = life.worker('--name', 'w', 'a', 'b');
  await untilListening(worker);
  const fields = await client.hgetall(life.key('worker:w'));
  assert.deepEqual([fields.queues, fields.pid], ['a,b', String(worker.child.pid)]);
  assert.ok(fields.birth && fields.last_heartbeat && fields.hostname && fields.version && fields.ip_address);
  for (const set of ['workers', 'workers:a', 'workers:b'])
    assert.deepEqual(await client.smembers(life.key(set)), [life.key('worker:w')]);
  await endWarmly(worker);
  assert.deepEqual(await client.smembers(life.key('workers')), []);
  assert.match((await client.hget(life.key('worker:w'), 'death')) ?? '', /^\d{4}-/);
});

rq('a worker’s key lives for its ttl and a minute', async life => {
  const worker = life.worker('--name', 'w', '--worker-ttl', '600');
  await untilListening(worker);
  const ttl = await client.ttl(life.key('worker:w'));
  assert.ok(ttl > 60 && ttl <= 660, `${ttl} s`);
  await endWarmly(worker);
});

rq('a second worker of the same name is refused | here: with 75', async life => {
  const worker = life.worker('--name', 'w');
  await untilListening(worker);
  assert.equal((await life.burst('--name', 'w')).status, 75);
  await endWarmly(worker);
});

rq('a worker counts its successes, its failures and its working time', async life => {
  const { id, worker, open } = await startBusy(life);
  open();
  await life.untilState(id, 'finished');
  await life.untilState(await life.enqueue('t#fail'), 'failed');
  const fields = await client.hgetall(life.key('worker:w'));
  assert.deepEqual([fields.successful_job_count, fields.failed_job_count], ['1', '1']);
  assert.ok(Number(fields.total_working_time) > 0);
  await endWarmly(worker);
});

rq('a job has the times of its start and its end, its worker’s name while it runs, and the worker is busy', async life => {
  const { id, worker, open } = await startBusy(life);
  await until('the worker is busy', async () => (await client.hget(life.key('worker:w'), 'state')) === 'busy');
  assert.equal(await life.field(id, 'worker_name'), 'w');
  open();
  await life.untilState(id, 'finished');
  const [start, end] = [await life.field(id, 'started_at'), await life.field(id, 'ended_at')];
  assert.ok(start && end && start <= end, `${start}, ${end}`);
  await endWarmly(worker);
});

rq('a job that cannot be read is failed, and the worker goes on', async life => {
  const bad = await life.enqueue('t#nothing');
  await client.hset(life.key(`job:${bad}`), 'data', 'not a payload');
  const good = await life.enqueue('t#nothing');
  assert.equal((await life.burst()).status, 1);
  assert.deepEqual([await life.state(bad), await life.members('failed'), await life.state(good)], ['failed', [bad], 'finished']);
});

rq('a task that there is not fails its job', async life => {
  const id = await life.enqueue('no/such#task');
  await life.burst();
  assert.deepEqual([await life.state(id), await life.members('failed')], ['failed', [id]]);
});

rq('a job that runs longer than its timeout is ended and failed, also one that does not notice', async life => {
  const id = await life.enqueue('t#forever', '--timeout', '1');
  await life.burst('--grace', '0.2s');
  assert.equal(await life.state(id), 'failed');
  assert.match((await life.status(id)).error ?? '', /timeout|time limit|longer than/i);
});

rq('a burst ends with 0 also when jobs failed | here: with 1', async life => {
  await life.enqueue('t#fail');
  assert.equal((await life.burst()).status, 1);
});

rq('--max-jobs ends a worker after so many jobs, --max-idle-time after so long without one', async life => {
  const ids = [await life.enqueue('t#nothing'), await life.enqueue('t#nothing')];
  const worker = life.worker('--max-jobs', '1');
  assert.deepEqual([(await worker.ended).status, await life.queued()], [0, ids.slice(1)]);
  assert.equal((await life.worker('--max-idle-time', '1').ended).status, 0);
  assert.deepEqual(await life.queued(), []);
});

rq('--result-ttl of the worker is for jobs that say nothing themselves', async life => {
  await life.enqueue('t#nothing', '--job-id', 'plain');
  await life.enqueue('t#nothing', '--job-id', 'own', '--result-ttl', '900');
  await life.burst('--result-ttl', '50');
  const [plain, own] = [await client.ttl(life.key('job:plain')), await client.ttl(life.key('job:own'))];
  assert.ok(plain > 0 && plain <= 51 && own > 51 && own <= 901, `${plain}, ${own}`);
});

rq('a deleted or canceled job is not run', async life => {
  const file = `${newFolder()}/ran`;
  const [gone, canceled] = [await life.enqueue('t#note', file, 'x'), await life.enqueue('t#note', file, 'y')];
  await client.del(life.key(`job:${gone}`));
  await life.run(['cancel', canceled]);
  const { status, stderr } = await life.burst();
  assert.deepEqual([status, /Job OK/.test(stderr), await life.state(gone)], [0, false, null]);
});

rq('what a job changes in its meta is kept, also when it fails', async life => {
  const path = newFolder({
    'm.mjs': `import { job } from 'rqt/task';
export const run = async fails => { job.meta.seen = 1; await job.saveMeta(); if (fails) throw new Error('no'); };`,
  });
  const ids = [await life.enqueue('m#run', ':false'), await life.enqueue('m#run', ':true')];
  await life.burst('--path', path);
  for (const id of ids) assert.equal(await life.field(id, 'meta'), '{"seen":1}');
});

rq('the log tells queue, description and id of a job, that it is OK, and how long its result is kept', async life => {
  const id = await life.enqueue('t#echo', 'ünïcode', '--description', '私の仕事');
  const { stderr } = await life.burst();
  for (const line of [
    `default: 私の仕事 (${id})`,
    `default: Job OK (${id})`,
    'Result is kept for 500 seconds',
    '*** Listening on default',
  ])
    assert.ok(stderr.includes(line), `${line} in ${stderr}`);
});

rq(
  'the first SIGTERM finishes the running job; the second fails it at once | here: the second puts it back, unharmed',
  async life => {
    const { id, worker } = await startBusy(life);
    worker.child.kill('SIGTERM');
    await until('it has heard', () => /warm shut down requested/i.test(worker.printed.stderr));
    assert.equal(await life.state(id), 'started');
    await until('the second signal counts', async () => {
      worker.child.kill('SIGTERM');
      return worker.child.exitCode !== null || worker.child.signalCode !== null;
    });
    assert.deepEqual([await life.state(id), await life.queued(), await life.members('failed')], ['queued', [id], []]);
  },
);

rq('callbacks run after a success, a failure and a stop', async life => {
  const path = newFolder({
    'c.mjs': `import { appendFileSync } from 'node:fs';
export const seen = ({ id, meta }) => appendFileSync(meta.file, id + ' ');
export const ok = () => {}; export const bad = () => { throw new Error('no'); };`,
  });
  const file = `${newFolder()}/seen`;
  const all = ['--on-success', 'c#seen', '--on-failure', 'c#seen', '--meta', `file=${file}`];
  await life.enqueue('c#ok', '--job-id', 'good', ...all);
  await life.enqueue('c#bad', '--job-id', 'bad', ...all);
  await life.burst('--path', path);
  assert.equal(readFileSync(file, 'utf8'), 'good bad ');
});
