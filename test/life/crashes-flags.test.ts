import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { newFolder } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { crashed, dropJob, openLives } from './life.ts';

const { newLife } = await openLives();

test('--at-most-once: when the worker of a job dies, it fails at once with a reason and is not started again', async () => {
  const life = await newLife();
  const id = await crashed(life, '--at-most-once');
  assert.equal((await life.burst()).status, 1);
  const { state, error, crashes } = await life.status(id);
  assert.deepEqual([state, crashes], ['failed', 1]);
  assert.match(error ?? '', /^The worker died while it ran this job/);
  assert.deepEqual([await life.queued(), await life.members('failed')], [[], [id]]);
  assert.equal(await life.field(id, 'rqt_attempts'), '1');
});

test('--at-most-once: a job that its worker had to drop (a second signal) fails, too', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#forever', '--at-most-once');
  const worker = life.worker();
  await life.untilState(id, 'started');
  await dropJob(worker);
  const { state, error } = await life.status(id);
  assert.equal(state, 'failed');
  assert.match(error ?? '', /started at most once/);
  assert.deepEqual(await life.queued(), []);
});

test('without it a job that its worker had to drop is put back', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#forever');
  const worker = life.worker();
  await life.untilState(id, 'started');
  await dropJob(worker);
  assert.deepEqual([await life.state(id), await life.queued()], ['queued', [id]]);
});

for (const { flags, reason } of [
  { flags: ['--at-most-once'], reason: /its worker died, and it may be started only once \(--at-most-once\)/ },
  { flags: ['--max-crashes', '0'], reason: /its worker died once, more often than it may \(--max-crashes\)/ },
]) {
  test(`${flags[0]}: a job that is given up is told with its description and that flag as the reason`, async () => {
    const life = await newLife();
    const id = await crashed(life, ...flags, '--description', 'the nightly report');
    const file = join(newFolder(), 'junit.xml');
    const { stderr } = await life.burst('--junit', file);
    assert.match(stderr, new RegExp(`\\(${id}\\).*${reason.source}`));
    assert.match(stderr, new RegExp(`the nightly report\\n +${reason.source}`));
    assert.match(readFileSync(file, 'utf8'), /<testcase[^>]* name="the nightly report"/);
    const { error } = await life.status(id);
    assert.match(error ?? '', new RegExp(`${flags[0]}\\)`));
  });
}

test('--max-crashes 0 gives a job up when its worker dies', async () => {
  const life = await newLife();
  const id = await crashed(life, '--max-crashes', '0');
  await life.burst();
  assert.equal(await life.state(id), 'failed');
});

test('--max-crashes 1 puts a job back once, and then gives it up', async () => {
  const life = await newLife();
  const id = await crashed(life, '--max-crashes', '1');
  const second = life.worker();
  await until('it runs a second time', async () => (await life.field(id, 'rqt_attempts')) === '2');
  second.child.kill('SIGKILL');
  await second.ended;
  assert.equal((await life.burst()).status, 1);
  assert.deepEqual([await life.state(id), await life.field(id, 'rqt_crashes')], ['failed', '2']);
});

test('a job that was given up for its crashes has all of them again when it is requeued', async () => {
  const life = await newLife();
  const id = await crashed(life, '--max-crashes', '0');
  await life.burst();
  await life.run(['requeue', id]);
  assert.deepEqual([await life.state(id), await life.field(id, 'rqt_crashes')], ['queued', null]);
});
