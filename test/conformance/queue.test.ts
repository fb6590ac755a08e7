import assert from 'node:assert/strict';
import { readRqJob } from '../helpers/rq-reader.ts';
import { linesOf, newFolder } from '../helpers/space.ts';
import { openCases } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq('enqueue names the queue in rq:queues and puts the job behind those that wait, at_front before them', async life => {
  for (const id of ['a', 'b']) await life.enqueue('-q', 'foo', 't#nothing', '--job-id', id);
  await life.enqueue('-q', 'foo', 't#nothing', '--job-id', 'c', '--at-front');
  assert.deepEqual(await client.smembers(life.key('queues')), [life.key('queue:foo')]);
  assert.deepEqual(await life.queued('foo'), ['c', 'a', 'b']);
});

rq('enqueue notes origin, created_at, enqueued_at, status and meta', async life => {
  const id = await life.enqueue('-q', 'foo', 't#nothing', '--meta', 'foo:={"bar":1}');
  const { fields } = await readRqJob(client, life.namespace, id);
  assert.deepEqual([fields.origin, fields.status, fields.meta], ['foo', 'queued', '{"foo":{"bar":1}}']);
  assert.ok(fields.created_at && fields.enqueued_at && fields.created_at <= fields.enqueued_at);
});

rq(
  'a time, a result ttl and a failure ttl are kept with the job; a ttl makes the hash expire | here: the ttl cancels it, visibly',
  async life => {
    const flags = ['--timeout', '1h', '--result-ttl', '10', '--failure-ttl', '20', '--ttl', '30'];
    const id = await life.enqueue('t#nothing', ...flags);
    const { fields } = await readRqJob(client, life.namespace, id);
    assert.deepEqual([fields.timeout, fields.result_ttl, fields.failure_ttl, fields.ttl], ['3600', '10', '20', '30']);
    assert.equal(await client.ttl(life.key(`job:${id}`)), -1);
  },
);

rq('a negative ttl is refused | here: -1 is "for ever" as everywhere, others and 0 are refused with 64', async life => {
  for (const ttl of ['-2', '0']) assert.equal((await life.run(['enqueue', 't#nothing', `--ttl=${ttl}`])).status, 64);
  assert.deepEqual(await life.keys(), []);
});

rq('empty removes the queued jobs with their hashes and leaves the other queues', async life => {
  const gone = await life.enqueue('-q', 'a', 't#nothing');
  const stays = await life.enqueue('-q', 'b', 't#nothing');
  await life.run(['empty', 'a']);
  assert.deepEqual([await life.queued('a'), await life.queued('b'), await life.state(gone)], [[], [stays], null]);
});

rq('a job’s place in its queue is known', async life => {
  const ids = ['x', 'y', 'z'];
  for (const id of ids) await life.enqueue('t#nothing', '--job-id', id);
  const { stdout } = await life.run(['status', '--json', ...ids]);
  assert.deepEqual(
    linesOf(stdout).map(line => (JSON.parse(line) as { position: number }).position),
    [0, 1, 2],
  );
});

rq('jobs lists what waits; ids without a job are not shown, and a worker passes over them in silence', async life => {
  const id = await life.enqueue('t#nothing');
  await client.lpush(life.key('queue:default'), 'version-1', 'version-2');
  const { stdout } = await life.run(['jobs', '--json']);
  assert.deepEqual(
    linesOf(stdout).map(line => (JSON.parse(line) as { id: string }).id),
    [id],
  );
  assert.deepEqual([(await life.burst()).status, await life.state(id), await life.queued()], [0, 'finished', []]);
});

rq('a worker takes from its queues in their order, not in the order of time', async life => {
  const file = `${newFolder()}/seen`;
  for (const [queue, text] of [
    ['low', '1'],
    ['high', '2'],
    ['low', '3'],
    ['high', '4'],
  ])
    await life.enqueue('-q', queue ?? '', 't#note', file, text ?? '');
  const { stderr } = await life.burst('high', 'low');
  const order = [...stderr.matchAll(/(\w+): t#note\(.*'(\d)'\) \(/g)].map(([, queue, text]) => `${queue} ${text}`);
  assert.deepEqual(order, ['high 2', 'high 4', 'low 1', 'low 3']);
});

rq('enqueue_many puts many jobs on a queue in one go, in order', async life => {
  const ran = await life.run(['enqueue', '-q', 'foo', '--lines', '-', 't#echo'], { input: 'one\ntwo\nthree\n' });
  assert.deepEqual(await life.queued('foo'), linesOf(ran.stdout));
  const calls = await Promise.all(linesOf(ran.stdout).map(id => readRqJob(client, life.namespace, id)));
  assert.deepEqual(
    calls.map(({ call }) => call[2]),
    [['one'], ['two'], ['three']],
  );
});

rq('a queue that has only deferred jobs is one of all queues', async life => {
  const parent = await life.enqueue('-q', 'first', 't#nothing');
  await life.enqueue('-q', 'second', 't#nothing', '--depends-on', parent);
  const { queues } = JSON.parse((await life.run(['info', '--json'])).stdout) as { queues: { name: string; deferred: number }[] };
  assert.deepEqual(
    queues.map(({ name, deferred }) => [name, deferred]),
    [
      ['first', 0],
      ['second', 1],
    ],
  );
});

rq('deleting a queued job removes it from its queue', async life => {
  const [gone, stays] = [await life.enqueue('t#nothing'), await life.enqueue('t#nothing')];
  await life.run(['delete', gone]);
  assert.deepEqual([await life.queued(), await life.state(gone)], [[stays], null]);
});
