import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { openStage, told } from './stage.ts';

const stage = await openStage();
const { put, burst } = stage;
beforeEach(() => stage.redis.client.flushall());

test('the log tells what RQ’s tells, in its order, with a time in front', async () => {
  const id = await put('quick#add', { args: [1, 2] });
  const ran = await burst('default', 'other', '--name', 'w');
  const [log = '', summary = ''] = ran.stderr.split('\n\n');
  assert.match(summary, /^1 job done/);
  for (const line of log.split('\n')) assert.match(line, /^\d\d:\d\d:\d\d/);
  const lines = told({ stderr: log });
  assert.match(lines.shift() ?? '', /^Worker w: started with PID \d+, version \d/);
  assert.deepEqual(
    lines.map(line => line.replace(/ in \d.*/, '')),
    [
      'Worker w: subscribing to channel rq:pubsub:w',
      '*** Listening on default, other...',
      'Worker w: cleaning registries for queue: default',
      'Worker w: cleaning registries for queue: other',
      `default: quick#add() (${id})`,
      `default: Job OK (${id})`,
      'Result is kept for 500 seconds',
      'Worker w: done, quitting (1 job done, 0 failed)',
    ],
  );
});

test('--log-format json is one object a line, in the same order', async () => {
  const id = await put('quick#fail');
  const ran = await burst('--log-format', 'json', '--name', 'w');
  const events = ran.stderr
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['started', 'subscribing', 'listening', 'cleaning', 'job_started', 'job_failed', 'quitting'],
  );
  const failed = events[5] ?? {};
  assert.deepEqual([failed.level, failed.job_id, failed.queue, failed.reason], ['error', id, 'default', 'Error: it went wrong']);
  assert.match(String(failed.trace), /at .*quick\.js/);
  assert.match(String(failed.time), /^\d{4}-\d\d-\d\dT/);
});

test('--log-format xml is refused with 64', async () => {
  const ran = await burst('--log-format', 'xml');
  assert.deepEqual([ran.status, ran.stderr], [64, "rqt: --log-format 'xml': say text or json\n"]);
});

test('-q tells only what went wrong', async () => {
  await put('quick#say', { args: ['hello\n', 'oops\n'] });
  const quiet = await burst('-q');
  assert.deepEqual([quiet.status, quiet.stdout, quiet.stderr], [0, '', '']);
  const id = await put('quick#fail');
  const ran = await burst('-q');
  assert.deepEqual([ran.status, ran.stdout], [1, '']);
  assert.match(told(ran)[0] ?? '', new RegExp(`^default: Job failed \\(${id}\\) after .*: Error: it went wrong`));
});

test('-v tells more, and excludes -q', async () => {
  await put('wrong#exits');
  const ran = await burst('-v');
  assert.match(ran.stderr, /executor replaced: /);
  assert.equal((await burst('-v', '-q')).status, 64);
});

test('a failed job is told with its reason and the task’s own stack', async () => {
  const id = await put('wrong#thrown');
  const ran = await burst();
  const lines = told(ran, /./);
  const at = lines.findIndex(line => line.startsWith(`default: Job failed (${id})`));
  assert.match(lines[at] ?? '', /TypeError: thrown on purpose/);
  assert.match(lines[at + 1] ?? '', /wrong\.js/);
  assert.match(ran.stderr, /cause: Error: the cause of it/);
});

test('what a job writes comes through marked with its id, stdout on stdout and stderr on stderr', async () => {
  const id = await put('quick#say', { args: ['one\n\ntwo\nno line feed', 'oops\n'] });
  const ran = await burst();
  assert.deepEqual(told({ stderr: ran.stdout }), [`${id} | one`, `${id} | `, `${id} | two`, `${id} | no line feed`]);
  assert.deepEqual(told(ran, / ! /), [`${id} ! oops`]);
  assert.ok(ran.stderr.indexOf('oops') < ran.stderr.indexOf('Job OK'));
});

test('an empty line is a line', async () => {
  const id = await put('quick#say', { args: ['\n'] });
  assert.deepEqual(told({ stderr: (await burst()).stdout }), [`${id} | `]);
});

test('what a job left without a line feed is not told as another job’s', async () => {
  const gate = stage.gate();
  const running = await put('slow#gate', { queue: 'other', args: [gate.file] });
  const talker = await put('quick#say', { args: ['unfinished'] });
  gate.open();
  const ran = await burst('default', 'other');
  assert.deepEqual(
    told({ stderr: ran.stdout }).filter(line => line.includes('unfinished')),
    [`${talker} | unfinished`],
  );
  assert.equal(told({ stderr: ran.stdout }).filter(line => line.startsWith(`${running} |`)).length, 2);
});

test('escape sequences of a job do not reach the log', async () => {
  await put('quick#say', { args: ['\u001b[2Jboo\n'] });
  const ran = await burst();
  assert.equal(ran.stdout.includes('\u001b'), false);
  assert.match(ran.stdout, /boo/);
});
