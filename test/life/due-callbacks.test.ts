/** Callbacks of jobs that have ended without their worker: it died, or was stopped at once, and another one runs them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linesOf, newFolder } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { crashed, dropJob, type Life, openLives } from './life.ts';

const TASKS = `
import { appendFileSync, existsSync } from 'node:fs';
export const tell = (job, ...rest) => {
  console.log('telling');
  appendFileSync(job.meta.file, JSON.stringify([job, ...rest]) + '\\n');
};
export const broken = () => { throw new Error('the callback is broken'); };
/** Its worker dies of it. */
export const deadly = job => {
  tell(job);
  process.kill(process.ppid, 'SIGKILL');
  return new Promise(() => setInterval(() => {}, 1000));
};
export const gate = async job => {
  tell(job);
  while (!existsSync(job.meta.file + '.open')) await new Promise(resolve => setTimeout(resolve, 10));
};
`;
const { redis, newLife } = await openLives();
const folder = newFolder({ 'c.mjs': TASKS });
const PATH = ['--path', folder];

/** A life whose jobs have a file in their meta that callbacks write to. */
async function newStage() {
  const life = await newLife();
  const file = join(newFolder(), 'told');
  return {
    life,
    file,
    told: (): Told[] => (existsSync(file) ? linesOf(readFileSync(file, 'utf8')).map(line => JSON.parse(line)) : []),
    /** A job that was running when its worker was killed. */
    crashed: (...flags: string[]) => crashed(life, '--meta', `file=${file}`, ...flags),
    burst: (...flags: string[]) => life.burst(...PATH, ...flags),
    due: (queue = 'default') => redis.client.lrange(life.key(`rqt:callbacks:${queue}`), 0, -1),
  };
}

type Told = [job: { id: string; attempt: number }, left?: { message: string; trace: string }];

/** A worker of another queue finds the dead one, and gives its job up. */
function giveUp({ life }: { life: Life }) {
  return life.burst('elsewhere');
}

for (const flags of [['--at-most-once'], ['--max-crashes', '0']]) {
  test(`--on-failure runs for a job that is given up since its worker died (${flags[0]})`, async () => {
    const stage = await newStage();
    const id = await stage.crashed(...flags, '--on-failure', 'c#tell', '--on-stopped', 'c#broken');
    const { status, stderr } = await stage.burst();
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`running the on-failure callback c#tell of a job whose worker was gone \\(${id}\\)`));
    const [[job, error] = [], ...more] = stage.told();
    assert.deepEqual([job?.id, job?.attempt, error?.trace, more], [id, 1, '', []]);
    assert.match(error?.message ?? '', /^The worker died while it ran this job/);
    const { state, callback_error: flaw, stdout, attempts } = await stage.life.status(id);
    assert.deepEqual([state, flaw, stdout], ['failed', null, 'telling\n']);
    assert.deepEqual(
      attempts.map(({ outcome }) => outcome),
      ['failed'],
    );
    assert.deepEqual([await stage.life.members('failed'), await stage.life.members('wip')], [[id], []]);
    assert.equal(await stage.life.field(id, 'rqt_callback_due'), null);
  });
}

test('no callback runs for a job that is put back, and runs again', async () => {
  const stage = await newStage();
  const id = await stage.crashed('--on-failure', 'c#tell');
  const worker = stage.life.worker(...PATH);
  await until('it runs again', async () => (await stage.life.field(id, 'rqt_attempts')) === '2');
  await stage.life.run(['stop', id]);
  worker.child.kill('SIGTERM');
  await worker.ended;
  assert.deepEqual(stage.told(), []);
});

test('--on-failure of a job that its worker had to drop (a second signal) is run by the next worker', async () => {
  const stage = await newStage();
  const id = await stage.life.enqueue('t#forever', '--at-most-once', '--on-failure', 'c#tell', '--meta', `file=${stage.file}`);
  const worker = stage.life.worker();
  await stage.life.untilState(id, 'started');
  await dropJob(worker);
  assert.deepEqual([await stage.life.state(id), stage.told(), await stage.due()], ['failed', [], [id]]);
  assert.equal((await stage.burst()).status, 0);
  assert.deepEqual(
    stage.told().map(([{ id }]) => id),
    [id],
  );
});

test('--on-stopped runs for a job that is stopped when its worker is dead', async () => {
  const stage = await newStage();
  const id = await stage.crashed('--on-stopped', 'c#tell', '--on-failure', 'c#broken');
  await redis.client.zadd(stage.life.key('wip:default'), 'XX', 1, (await stage.life.members('wip'))[0] ?? '');
  assert.equal((await stage.life.run(['stop', id])).status, 0);
  assert.deepEqual([await stage.life.state(id), stage.told()], ['stopped', []]);
  await stage.burst();
  assert.deepEqual(stage.told(), [[stage.told()[0]?.[0]]]);
  assert.equal(stage.told()[0]?.[0].id, id);
});

for (const flags of [[], ['--retry-max', '1', '--on-failure', 'c#broken']]) {
  test(`--on-stopped runs for a job that fails before its worker has heard of the stop (${flags[0] ?? 'no retries'})`, async () => {
    const stage = await newStage();
    const { life, file } = stage;
    const id = await life.enqueue('t#failAtGate', `${file}.gate`, '--on-stopped', 'c#tell', '--meta', `file=${file}`, ...flags);
    const worker = life.worker('--burst', ...PATH);
    await life.untilState(id, 'started');
    // As `rqt stop` leaves it for the next heartbeat.
    await redis.client.hset(life.key(`job:${id}`), 'rqt_stop', 1);
    writeFileSync(`${file}.gate`, '');
    await worker.ended;
    assert.deepEqual(
      [await life.state(id), stage.told().map(([job]) => job.id), await stage.due(), await life.field(id, 'rqt_callback_error')],
      ['stopped', [id], [], null],
    );
  });
}

test('a worker that is busy runs it before it takes another job', async () => {
  const stage = await newStage();
  const { life, file } = stage;
  const busy = life.worker(...PATH);
  const gated = await life.enqueue('t#gate', `${file}.gate`);
  await life.untilState(gated, 'started');
  const id = await stage.crashed('--at-most-once', '--on-failure', 'c#tell', '-q', 'default', '--at-front');
  await until('it is given up', async () => (await life.state(id)) === 'failed');
  const next = await life.enqueue('t#note', file, '"next"');
  await until('the busy one knows', async () => (await stage.due()).length === 1);
  await life.run(['enqueue', 't#write', `${file}.gate`, 'open', '-q', 'gates']);
  await life.burst('gates');
  await life.untilState(next, 'finished');
  busy.child.kill('SIGTERM');
  await busy.ended;
  const lines = linesOf(readFileSync(file, 'utf8'));
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', new RegExp(id));
});

test('an idle worker hears of it at once', async () => {
  const stage = await newStage();
  const { life, file } = stage;
  const first = life.worker();
  const id = await life.enqueue('t#forever', '--at-most-once', '--on-failure', 'c#tell', '--meta', `file=${file}`);
  await life.untilState(id, 'started');
  const idle = life.worker(...PATH, '--maintenance-interval', '1h');
  await until('it waits', () => /cleaning registries/.test(idle.printed.stderr));
  await dropJob(first);
  await until('it has run', () => stage.told().length === 1);
  idle.child.kill('SIGTERM');
  await idle.ended;
});

for (const [signal, how] of [
  ['SIGTERM', 'warm'],
  ['SIGINT', 'cold'],
] as const) {
  test(`a worker that is asked to stop (${how}) while it runs one takes no job after it`, async () => {
    const stage = await newStage();
    const { life, file } = stage;
    await stage.crashed('--at-most-once', '--on-failure', 'c#gate');
    const next = await life.enqueue('t#nothing', '--at-most-once');
    const worker = life.worker(...PATH);
    await until('it runs', () => stage.told().length === 1);
    if (how === 'cold') await dropJob(worker);
    else {
      worker.child.kill(signal);
      await until('it has heard', () => /warm shut down/.test(worker.printed.stderr));
      writeFileSync(`${file}.open`, '');
      await worker.ended;
    }
    assert.deepEqual([await life.state(next), await life.field(next, 'rqt_attempts')], ['queued', null]);
  });
}

/** Ways in which a task ends, and what stays of that when its worker dies in the callback. */
const ENDS = [
  ['success', 't#echo', 'finished', ':41'],
  ['failure', 't#fail', 'failed'],
] as const;

for (const [on, task, state, ...args] of ENDS) {
  for (const how of ['killed', 'stopped at once'] as const) {
    test(`a worker that is ${how} in an on-${on} callback: the job has ended as its task did, and the callback is run by the next worker`, async () => {
      const stage = await newStage();
      const { life, file } = stage;
      const flags = ['--at-most-once', '--result-ttl', '1h', `--on-${on}`, 'c#gate', '--meta', `file=${file}`];
      const id = await life.enqueue(task, ...args, ...flags);
      const worker = life.worker(...PATH);
      await until('the callback runs', () => stage.told().length === 1);
      if (how === 'killed') worker.child.kill('SIGKILL');
      else await dropJob(worker);
      await worker.ended;
      writeFileSync(`${file}.open`, '');
      const { status } = await stage.burst();
      assert.equal(status, how === 'killed' && on === 'failure' ? 1 : 0);
      const { result, error, attempts, callback_error: flaw, ...ended } = await life.status(id);
      assert.equal(ended.state, state);
      assert.deepEqual(result, on === 'success' ? [41] : null);
      assert.match(error ?? '', on === 'success' ? /^$/ : /^Error: it went wrong\n +at /);
      assert.deepEqual([attempts.length, flaw, await life.field(id, 'rqt_attempts')], [1, null, '1']);
      const [first, second, ...more] = stage.told();
      assert.deepEqual([second, more], [first, []]);
      assert.deepEqual([await stage.due(), await life.members('wip'), await life.field(id, 'rqt_outcome')], [[], [], null]);
    });
  }
}

test('a job that a callback kills the workers of is done all the same, once', async () => {
  const stage = await newStage();
  const { life, file } = stage;
  const notes = `${file}.notes`;
  const id = await life.enqueue(
    't#note',
    notes,
    'ran',
    '--on-success',
    'c#deadly',
    '--meta',
    `file=${file}`,
    '--result-ttl',
    '0',
  );
  for (let tries = 1; tries <= 3; tries += 1) {
    assert.equal((await stage.burst()).signal, 'SIGKILL');
    assert.deepEqual([await life.state(id), stage.told().length], [tries === 1 ? 'started' : 'finished', tries]);
  }
  const { status, stderr } = await stage.burst();
  assert.equal(status, 0);
  assert.match(stderr, /the on-success callback c#deadly failed: its worker died each of the 3 times/);
  assert.deepEqual([linesOf(readFileSync(notes, 'utf8')), await life.state(id)], [['ran'], null]);
});

test('a failing one is noted on the job, and does not change how a burst ends', async () => {
  const stage = await newStage();
  const id = await stage.crashed('--at-most-once', '--on-failure', 'c#broken');
  await giveUp(stage);
  const { status, stderr } = await stage.burst();
  assert.equal(status, 0);
  assert.match(stderr, /the on-failure callback c#broken failed: Error: the callback is broken/);
  assert.match((await stage.life.status(id)).callback_error ?? '', /the callback is broken/);
  assert.deepEqual(await stage.due(), []);
});

test('one that kills its worker is tried three times, and then given up with a word on the job', async () => {
  const stage = await newStage();
  const id = await stage.crashed('--at-most-once', '--on-failure', 'c#deadly');
  for (let tries = 1; tries <= 3; tries += 1) {
    const { signal } = await stage.burst();
    assert.deepEqual([signal, stage.told().length], ['SIGKILL', tries]);
  }
  assert.equal((await stage.burst()).status, 0);
  assert.equal(stage.told().length, 3);
  assert.equal(
    (await stage.life.status(id)).callback_error,
    'the on-failure callback c#deadly failed: its worker died each of the 3 times that it was run',
  );
  assert.deepEqual([await stage.due(), await stage.life.members('wip')], [[], []]);
});

test('a worker that has to stop at once leaves it to the next one, and that is no try', async () => {
  const stage = await newStage();
  const id = await stage.crashed('--at-most-once', '--on-failure', 'c#gate');
  const worker = stage.life.worker(...PATH);
  await until('it runs', () => stage.told().length === 1);
  await dropJob(worker);
  assert.deepEqual([await stage.due(), await stage.life.field(id, 'rqt_callback_tries')], [[id], '0']);
  const next = stage.life.worker(...PATH);
  await until('it runs again', () => stage.told().length === 2);
  // While it does, nothing is damaged, and Python's readers find a failed job.
  assert.equal((await stage.life.run(['fsck', '--grace', '0'])).status, 0);
  assert.equal(await stage.life.state(id), 'failed');
  next.child.kill('SIGTERM');
  await stage.life.enqueue('t#write', `${stage.file}.open`, '-q', 'gates');
  await stage.life.burst('gates');
  await next.ended;
  assert.deepEqual([await stage.due(), await stage.life.field(id, 'rqt_callback_due')], [[], null]);
});

test('requeue and delete take it back', async () => {
  const stage = await newStage();
  for (const command of ['requeue', 'delete']) {
    const id = await stage.crashed('--at-most-once', '--on-failure', 'c#tell');
    await giveUp(stage);
    assert.deepEqual(await stage.due(), [id]);
    assert.equal((await stage.life.run([command, id])).status, 0);
    assert.deepEqual([await stage.due(), await stage.life.field(id, 'rqt_callback_due')], [[], null]);
    await stage.life.run(['delete', id]);
  }
  assert.deepEqual(
    (await stage.life.keys()).filter(key => !/:(queues|workers?\b)/.test(key)),
    [],
  );
});

test('what is requeued while its callback runs is run, and the callback is stopped', async () => {
  const stage = await newStage();
  const { life } = stage;
  const id = await stage.crashed('--at-most-once', '--on-failure', 'c#gate');
  const worker = life.worker(...PATH);
  await until('the callback runs', () => stage.told().length === 1);
  assert.equal((await life.run(['requeue', id])).status, 0);
  assert.deepEqual(await life.members('wip'), []);
  await life.untilState(id, 'started');
  assert.equal((await life.members('wip')).length, 1);
  await life.run(['stop', id]);
  worker.child.kill('SIGTERM');
  await worker.ended;
});

test('a job that is not to be kept is kept until its callback has run', async () => {
  const stage = await newStage();
  const id = await stage.crashed('--at-most-once', '--failure-ttl', '0', '--on-failure', 'c#tell');
  await giveUp(stage);
  assert.equal(await stage.life.state(id), 'failed');
  await stage.burst();
  assert.deepEqual([stage.told()[0]?.[0].id, await stage.life.state(id)], [id, null]);
  assert.deepEqual(
    (await stage.life.keys()).filter(key => !/:(queues|workers?\b)/.test(key)),
    [],
  );
});

test('one of a suspended queue waits until it is resumed', async () => {
  const stage = await newStage();
  await stage.crashed('--at-most-once', '--on-failure', 'c#tell');
  await giveUp(stage);
  await stage.life.run(['suspend', 'default']);
  assert.equal((await stage.burst()).status, 0);
  assert.deepEqual(stage.told(), []);
  await stage.life.run(['resume', 'default']);
  await stage.burst();
  assert.equal(stage.told().length, 1);
});

test('an entry of a job that is gone, or runs again, is passed over', async () => {
  const stage = await newStage();
  const { life } = stage;
  await life.put(['waits']);
  await redis.client.rpush(life.key('rqt:callbacks:default'), 'gone', 'waits');
  assert.equal((await stage.burst()).status, 0);
  assert.deepEqual([await stage.due(), await life.state('waits')], [[], 'finished']);
});

/** A job whose task ended well and whose worker was killed in the callback that is to follow. */
async function killedInCallback(stage: Awaited<ReturnType<typeof newStage>>, task: string, ...flags: string[]): Promise<string> {
  const { life, file } = stage;
  const before = stage.told().length;
  const id = await life.enqueue(task, '--meta', `file=${file}`, ...flags);
  const worker = life.worker(...PATH);
  await until('the callback runs', () => stage.told().length > before);
  worker.child.kill('SIGKILL');
  await worker.ended;
  return id;
}

test('cancel and stop of a job whose worker died in its callback end it as its task did, also when only its lease tells', async () => {
  for (const command of ['cancel', 'stop']) {
    const stage = await newStage();
    const { life } = stage;
    const id = await killedInCallback(stage, 't#nothing', '--on-success', 'c#gate', '--on-stopped', 'c#broken');
    const child = await life.enqueue('t#nothing', '--depends-on', id);
    for (const key of await redis.client.keys(life.key('worker:*'))) await redis.client.hset(key, 'hostname', 'elsewhere');
    await redis.client.zadd(life.key('wip:default'), 'XX', 1, (await life.members('wip'))[0] ?? '');
    await life.run([command, id]);
    assert.deepEqual([await life.state(id), await life.state(child), await stage.due()], ['finished', 'queued', [id]]);
    assert.equal(await life.field(id, 'rqt_outcome'), null);
  }
});

test('what a callback writes is kept no longer than its job, also while it runs and when it is cut short', async () => {
  const stage = await newStage();
  const id = await stage.crashed('--at-most-once', '--on-failure', 'c#gate');
  const worker = stage.life.worker(...PATH);
  const outputTtl = () => redis.client.ttl(stage.life.key(`rqt:output:${id}`));
  await until('its output is kept', async () => (await outputTtl()) !== -2);
  assert.ok((await outputTtl()) > 0, 'while it runs');
  await dropJob(worker);
  assert.deepEqual(await stage.due(), [id]);
  assert.ok((await outputTtl()) > 0, 'cut short');
});

test('a job is kept until its callback has run, however short its ttl, and for its ttl after that', async () => {
  for (const [task, on, ttl] of [
    ['t#nothing', 'success', '--result-ttl'],
    ['t#fail', 'failure', '--failure-ttl'],
  ] as const) {
    const stage = await newStage();
    const { life, file } = stage;
    const id = await killedInCallback(stage, task, ttl, '1', `--on-${on}`, 'c#gate');
    await giveUp(stage);
    assert.ok((await redis.client.ttl(life.key(`job:${id}`))) > 3600);
    writeFileSync(`${file}.open`, '');
    await stage.burst();
    assert.equal(stage.told().length, 2);
    await until('it is forgotten', async () => (await life.state(id)) === null);
  }
});

test('a stop that comes while an on-failure callback runs leaves a failed job failed', async () => {
  const stage = await newStage();
  const { life, file } = stage;
  const id = await life.enqueue('t#fail', '--on-failure', 'c#gate', '--meta', `file=${file}`);
  const worker = life.worker(...PATH);
  await until('the callback runs', () => stage.told().length === 1);
  await life.run(['stop', id]);
  assert.equal(await life.state(id), 'failed');
  worker.child.kill('SIGTERM');
  await worker.ended;
});

test('a repeated job goes on when the callback that was cut short has run', async () => {
  const stage = await newStage();
  const { life, file } = stage;
  const id = await killedInCallback(stage, 't#nothing', '--repeat', '1', '--on-success', 'c#gate');
  writeFileSync(`${file}.open`, '');
  assert.equal((await stage.burst()).status, 0);
  assert.deepEqual(
    stage.told().map(([{ attempt }]) => attempt),
    [1, 1, 2],
  );
  assert.deepEqual([await life.state(id), await life.field(id, 'repeats_left')], ['finished', '0']);
});

test('an idle worker runs what is due as soon as its queue is resumed', async () => {
  for (const queues of [[], ['default']]) {
    const stage = await newStage();
    const { life } = stage;
    await stage.crashed('--at-most-once', '--on-failure', 'c#tell');
    await giveUp(stage);
    await life.run(['suspend', ...queues]);
    const worker = life.worker(...PATH, '--maintenance-interval', '1h');
    await until('it listens', () => /cleaning registries/.test(worker.printed.stderr));
    await life.run(['resume', ...queues]);
    await until('it has run', () => stage.told().length === 1);
    worker.child.kill('SIGTERM');
    await worker.ended;
  }
});

test('reports of a burst that ends the jobs of a worker which died in its callbacks tell how they ended', async () => {
  const stage = await newStage();
  const report = `${stage.file}.report`;
  await killedInCallback(stage, 't#fail', '--on-failure', 'c#gate', '--at-most-once');
  writeFileSync(`${stage.file}.open`, '');
  const { status, stderr } = await stage.burst('--report', report);
  assert.equal(status, 1);
  assert.match(stderr, /Job failed .*Error: it went wrong \(its worker died in its callback\)/);
  const [, execution] = linesOf(readFileSync(report, 'utf8')).map(line => JSON.parse(line));
  assert.deepEqual([execution.outcome, execution.attempt, execution.error.split('\n')[0]], ['failed', 1, 'Error: it went wrong']);
});

test('what a task says that is no Unicode does not keep its end from being kept', async () => {
  const stage = await newStage();
  const { life, file } = stage;
  const id = await killedInCallback(stage, 't#surrogate', '--at-most-once', '--on-success', 'c#gate');
  writeFileSync(`${file}.open`, '');
  assert.equal((await stage.burst()).status, 0);
  assert.deepEqual([await life.state(id), stage.told().length], ['finished', 2]);
});

/** What may stand in the place of a kept end; only the last one is of the execution that died. */
const DAMAGED = (execution: string) => [
  '',
  '{',
  '[]',
  JSON.stringify({ kind: 'finished', execution: [] }),
  JSON.stringify({ kind: 'failed', execution, note: 7, default_result_ttl: {}, exc_string: null }),
];

for (const [which] of DAMAGED('').entries()) {
  test(`what somebody has written in the place of a kept end stops no sweep (${which})`, async () => {
    const stage = await newStage();
    const { life } = stage;
    const id = await stage.crashed('--max-crashes', '0', '--on-failure', 'c#tell');
    const [, execution = ''] = (await life.members('wip'))[0]?.split(':') ?? [];
    await redis.client.hset(life.key(`job:${id}`), 'rqt_outcome', DAMAGED(execution)[which] ?? '');
    assert.equal((await stage.burst()).status, 1);
    assert.deepEqual([await life.state(id), stage.told().length, await life.members('wip')], ['failed', 1, []]);
  });
}
