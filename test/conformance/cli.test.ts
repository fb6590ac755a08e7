import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRqJob } from '../helpers/rq-reader.ts';
import { linesOf, newFolder } from '../helpers/space.ts';
import { endWarmly, openCases, untilListening } from './rq.ts';

const { rq, redis } = await openCases();

rq(
  'empty without a queue has nothing to do and ends well | here: it says what to type, 64; empty --all on nothing ends well',
  async life => {
    const { status, stderr } = await life.run(['empty']);
    assert.deepEqual([status, /rqt empty default/.test(stderr)], [64, true]);
    assert.equal((await life.run(['empty', '--all'])).status, 0);
  },
);

rq('requeue --queue NAME ID runs the named job again, requeue --queue NAME --all the others', async life => {
  const ids = [];
  for (let i = 0; i < 3; i += 1) ids.push(await life.enqueue('-q', 'requeue', 't#fail'));
  await life.burst('requeue');
  assert.deepEqual(await life.members('failed', 'requeue'), [...ids].sort());
  assert.equal((await life.run(['requeue', '--queue', 'requeue', ids[0] ?? ''])).status, 0);
  assert.deepEqual([await life.queued('requeue'), (await life.members('failed', 'requeue')).length], [ids.slice(0, 1), 2]);
  assert.equal((await life.run(['requeue', '--queue', 'requeue', '--all'])).status, 0);
  assert.deepEqual([(await life.queued('requeue')).length, await life.members('failed', 'requeue')], [3, []]);
});

rq('info sums up: no queues at first, then one queue with one job', async life => {
  assert.match((await life.run(['info'])).stdout, /^0 queues, 0 jobs/m);
  await life.enqueue('t#nothing');
  assert.match((await life.run(['info'])).stdout, /^1 queue, 1 job/m);
});

rq('info --only-queues tells of no worker, info --only-workers of no queue, --by-queue names the workers of each', async life => {
  const worker = life.worker('--name', 'w1', 'foo', 'bar');
  await untilListening(worker);
  for (const queue of ['foo', 'bar']) await life.enqueue('-q', queue, 't#nothing', '--schedule-in', '1h');
  const [queues, workers, byQueue] = await Promise.all(['-Q', '-W', '-WR'].map(flag => life.run(['info', flag])));
  assert.doesNotMatch(queues?.stdout ?? '', /worker/);
  assert.match(workers?.stdout ?? '', /^1 worker\b/m);
  for (const queue of ['foo', 'bar']) assert.match(byQueue?.stdout ?? '', new RegExp(`^${queue}.*w1`, 'm'));
  await endWarmly(worker);
});

rq('worker --burst on empty queues ends well, and --pid writes its process id', async life => {
  const file = join(newFolder(), 'rq.pid');
  const worker = life.worker('--burst', '--pid', file);
  await untilListening(worker);
  assert.equal((await worker.ended).status, 0);
  assert.match(worker.printed.stderr, new RegExp(`PID ${worker.child.pid}\\b`));
});

rq('a burst enqueues what is due only --with-scheduler | here: always, unless --no-scheduler', async life => {
  const due = await life.enqueue('t#nothing', '--schedule-in', '1h', '--job-id', 'due');
  await redis.client.zadd(life.key('scheduled:default'), 1, due);
  await life.burst('--no-scheduler');
  assert.deepEqual(await life.members('scheduled'), [due]);
  await life.burst('--with-scheduler');
  assert.deepEqual([await life.members('scheduled'), await life.state(due)], [[], 'finished']);
});

rq('worker --quiet --verbose is refused, and so is a strategy that there is not | here: both are 64', async life => {
  assert.equal((await life.burst('--quiet', '--verbose')).status, 64);
  assert.equal((await life.burst('--dequeue-strategy', 'wrong')).status, 64);
  assert.equal((await life.burst('--dequeue-strategy', 'round_robin')).status, 0);
});

rq('--exception-handler runs Python on a failure | here: there is no such flag; --on-failure names a task for it', async life => {
  assert.equal((await life.burst('--exception-handler', 'm.f')).status, 64);
  const file = join(newFolder(), 'seen');
  await life.enqueue('t#fail', '--on-failure', 't#write', '--meta', `file=${file}`, '--job-id', 'bad');
  await life.burst();
  assert.deepEqual(await life.members('failed'), ['bad']);
  assert.equal(await life.field('bad', 'failure_callback_name'), 't#write');
});

rq('suspend keeps a burst from its jobs until resume | here: and that burst says so, 75', async life => {
  const id = await life.enqueue('t#nothing');
  await life.run(['suspend']);
  assert.deepEqual([(await life.burst()).status, await life.state(id)], [75, 'queued']);
  await life.run(['resume']);
  assert.deepEqual([(await life.burst()).status, await life.state(id)], [0, 'finished']);
});

rq('suspend --duration sets a time, and one of zero is refused with 1 | here: with 64', async life => {
  assert.equal((await life.run(['suspend', '--duration', '0'])).status, 64);
  assert.equal(await redis.client.exists(life.key('suspended')), 0);
  await life.run(['suspend', '--duration', '100']);
  const left = await redis.client.ttl(life.key('suspended'));
  assert.ok(left > 0 && left <= 100, String(left));
});

rq('enqueue prints a sentence with the id | here: the id alone; the job has RQ’s fields and defaults', async life => {
  const { stdout } = await life.run(['enqueue', 't#nothing']);
  const { fields, call } = await readRqJob(redis.client, life.namespace, stdout.trim());
  assert.deepEqual(call, ['t#nothing', null, [], {}]);
  assert.deepEqual(
    [fields.status, fields.origin, fields.timeout, fields.description],
    ['queued', 'default', '180', 't#nothing()'],
  );
  assert.deepEqual(await life.queued(), linesOf(stdout));
});

rq('enqueue reads text, :json, key=text, key:=json and @file', async life => {
  const folder = newFolder({ 'text.txt': 'from a file\n', 'data.json': '{"test": true}' });
  const args = ['hello', ':[1, {"key": "value"}]', 'json:=["abc"]', 'nojson=def', '@text.txt', ':@data.json'];
  const { stdout } = await life.run(['enqueue', 't#echo', ...args], { cwd: folder });
  const { call } = await readRqJob(redis.client, life.namespace, stdout.trim());
  assert.deepEqual(call[2], ['hello', [1, { key: 'value' }], 'from a file\n', { test: true }]);
  assert.deepEqual(call[3], { json: ['abc'], nojson: 'def' });
});

rq('enqueue takes %literal as Python | here: it is refused with 65 and names the JSON way', async life => {
  const { status, stderr } = await life.run(['enqueue', 't#echo', '%(1, 2)']);
  assert.deepEqual([status, /JSON/.test(stderr), await life.keys()], [65, true, []]);
});

rq('enqueue refuses wrong JSON, a key twice, a file that is not there, and two schedules', async life => {
  const refused: [number, string[]][] = [
    [65, [':invalid']],
    [65, ['key=value', 'key=value']],
    [66, ['@not-there']],
    [64, ['--schedule-in', '1s', '--schedule-at', '2000-01-01T00:00:00']],
  ];
  for (const [status, args] of refused) {
    const ran = await life.run(['enqueue', 't#echo', ...args]);
    assert.deepEqual([ran.status, ran.stdout, linesOf(ran.stderr).length], [status, '', 1], ran.stderr);
  }
  assert.deepEqual(await life.keys(), []);
});

rq('enqueue --retry-interval may be repeated: one wait for each retry', async life => {
  const each = [10, 20, 40].flatMap(seconds => ['--retry-interval', String(seconds)]);
  const id = await life.enqueue('t#nothing', '--retry-max', '3', ...each);
  assert.deepEqual([await life.field(id, 'retries_left'), await life.field(id, 'retry_intervals')], ['3', '[10,20,40]']);
});

rq('worker-pool --burst --num-workers 3 starts three workers', async life => {
  const { status, stderr } = await life.run(['worker-pool', '--burst', '--num-workers', '3', '--name', 'p', 'none']);
  assert.equal(status, 0);
  for (const name of ['p.1', 'p.2', 'p.3']) assert.match(stderr, new RegExp(`Worker ${name}: started`));
});

rq('--config names a Python module of settings | here: a TOML file, and a Python module is refused with 78', async life => {
  const folder = newFolder({
    'settings.py': 'REDIS_HOST = "testhost.example.com"\n',
    'rqt.toml': 'url = "redis://testhost.example.com:6378/2"\n',
  });
  const ask = (file: string) =>
    life.run(['config', 'url', '--config', join(folder, file)], { env: { RQT_REDIS_URL: undefined } });
  assert.deepEqual(
    [(await ask('settings.py')).status, (await ask('rqt.toml')).stdout],
    [78, 'redis://testhost.example.com:6378/2\n'],
  );
  assert.match(readFileSync(join(folder, 'settings.py'), 'utf8'), /REDIS_HOST/);
});

rq('REDIS_URL and RQ_REDIS_URL say which Redis', async life => {
  for (const name of ['REDIS_URL', 'RQ_REDIS_URL']) {
    const { stdout } = await life.run(['config', 'url'], {
      env: { RQT_REDIS_URL: undefined, [name]: 'redis://there.example.com/3' },
    });
    assert.equal(stdout, 'redis://there.example.com/3\n');
  }
});
