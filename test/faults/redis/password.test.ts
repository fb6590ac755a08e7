import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { until } from '../../helpers/until.ts';
import { openStage, told } from '../../worker/stage.ts';

/** The password of a URL that is no longer right: a person has to do something, and what was done meanwhile is not lost. */
const OLD = 'old-secret';
const NEW = 'new-secret';

const stage = await openStage();
const { put, redis } = stage;
const { client } = redis;
const urlWith = (login: string) => redis.url.replace('unix://', `unix://${login}@`);

afterEach(async () => {
  await client.config('SET', 'requirepass', '');
  await client.call('ACL', 'SETUSER', 'default', 'on', 'nopass', '+@all');
  await client.flushall();
});

for (const [name, { login, break: breakIt, mend, says }] of Object.entries({
  'a password that was changed': {
    login: `:${OLD}`,
    break: () => client.config('SET', 'requirepass', NEW),
    mend: () => client.config('SET', 'requirepass', OLD),
    says: /refuses the user or the password of the URL/,
  },
  'a user that was switched off': {
    login: `joe:${OLD}`,
    break: () => client.call('ACL', 'SETUSER', 'joe', 'off'),
    mend: () => client.call('ACL', 'SETUSER', 'joe', 'on'),
    says: /refuses the user or the password of the URL/,
  },
})) {
  test(`${name}: the worker says so once and waits until it is right; commands end with 78; the password is never printed`, async () => {
    await client.call('ACL', 'SETUSER', 'joe', 'on', `>${OLD}`, '~*', '&*', '+@all');
    await client.config('SET', 'requirepass', OLD);
    await client.auth(OLD);
    const url = urlWith(login);
    const gate = stage.gate();
    const notes = stage.path('notes');
    const id = await put('slow#notedGate', { args: [gate.file, notes] });
    const worker = await stage.start('-j', '2', '--name', 'w', '--url', url, '--job-monitoring-interval', '3');
    await until('the task has begun', () => existsSync(notes));
    await breakIt();
    await dropConnections();
    await until('it tells why', () => says.test(worker.printed.stderr));
    gate.open();
    await until('the job has ended', () => /end/.test(readFileSync(notes, 'utf8')));
    const printed: string[] = [];
    for (const args of [['enqueue', 'quick#nothing'], ['info'], ['shutdown', 'w.1'], ['worker', '--burst']]) {
      const { status, stdout, stderr } = await stage.rqt(...args, '--url', url);
      assert.deepEqual([status, stdout], [78, ''], stderr);
      assert.match(stderr, says);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
      printed.push(stderr);
    }
    await mend();
    await stage.untilState(id, 'finished');
    await stage.untilState(await put('quick#nothing'), 'finished');
    await until('it hears', async () =>
      (await client.pubsub('NUMSUB', 'rq:pubsub:w.1', 'rq:pubsub:w.2')).every(count => count !== 0),
    );
    for (const slot of ['w.1', 'w.2']) assert.equal((await stage.rqt('shutdown', slot, '--url', url)).status, 0);
    const ran = await worker.ended;
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(told(ran, /Redis connection lost/).length, 1, ran.stderr);
    assert.equal(told(ran, /^Redis at .* trying again until it is accepted/).length, 1, ran.stderr);
    assert.equal(readFileSync(notes, 'utf8'), 'begin\nend\n');
    assert.equal(await client.xlen(`rq:results:${id}`), 1);
    for (const text of [...printed, ran.stderr, ran.stdout]) assert.doesNotMatch(text, new RegExp(`${OLD}|${NEW}`));
  });
}

test('a password that Redis wants and the URL has not: 78, and how to write it', async () => {
  await client.config('SET', 'requirepass', NEW);
  await client.auth(NEW);
  const { status, stdout, stderr } = await stage.rqt('enqueue', 'quick#nothing');
  assert.deepEqual([status, stdout], [78, '']);
  assert.match(
    stderr,
    /^rqt: Redis at \S+ \(from RQT_REDIS_URL\) wants a password: write redis:\/\/:password@host, .*\(it said: NOAUTH\)\n$/,
  );
});

for (const [denied, args] of [
  ['-eval', ['enqueue', 'quick#nothing']],
  ['-eval', ['worker', '--burst']],
  ['-hset', ['enqueue', 'quick#nothing']],
  ['-subscribe', ['worker', '--burst']],
  ['-smembers', ['info']],
] as const) {
  test(`a user with ${denied}: rqt ${args.join(' ')} ends with 78 and one clear line`, async () => {
    await client.call('ACL', 'SETUSER', 'joe', 'reset', 'on', `>${OLD}`, '~*', '&*', '+@all', denied);
    const { status, stdout, stderr } = await stage.rqt(...args, '--url', urlWith(`joe:${OLD}`));
    assert.deepEqual([status, stdout], [78, ''], stderr);
    const lines = stderr.split('\n').filter(line => line.startsWith('rqt: '));
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0] ?? '', /does not let this user do that \(it said: /);
    assert.deepEqual(await client.keys('rq:queue:*'), []);
  });
}

test('a worker whose user may not wait on lists or ask INFO finds jobs all the same, and makes no noise of that', async () => {
  await client.call('ACL', 'SETUSER', 'joe', 'reset', 'on', `>${OLD}`, '~*', '&*', '+@all', '-blmove', '-info');
  const worker = await stage.start('--url', urlWith(`joe:${OLD}`));
  await until('it waits', async () => /cmdstat_blmove:\S*rejected_calls=[1-9]/.test(await client.info('commandstats')));
  await stage.untilState(await put('quick#nothing'), 'finished');
  worker.child.kill();
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(told(ran, /NOPERM|ready check/), []);
});

async function dropConnections(): Promise<void> {
  for (const type of ['pubsub', 'normal']) await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
}
