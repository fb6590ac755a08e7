import assert from 'node:assert/strict';
import { type ExecFileException, execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { cleanEnv, launcher } from '../helpers/rqt.ts';
import { newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const folder = newFolder({ 'broken.json': '{"a": ', latin1: Buffer.from([0x61, 0xe9, 0x0a]) });

/** What is wrong, the words after `rqt`, the exit status, and what the one line on stderr says. */
const CASES: readonly [what: string, args: readonly string[], status: number, says: RegExp][] = [
  ['an unknown command', ['enqeue', 'm#f'], 64, /there is no command 'enqeue'; did you mean enqueue\?/],
  ['no task', ['enqueue'], 64, /rqt enqueue <module#fn>/],
  [
    'a task that a flag took for its value',
    ['enqueue', '--lines', 'm#f'],
    64,
    /something is missing \('m#f' is the value of --lines\)/,
  ],
  ['an empty file as JSON', ['enqueue', 'm#f', ':@/dev/null'], 65, /argument 1 \(file '\/dev\/null'\) is not JSON/],
  ['a task without #fn', ['enqueue', 'mail/daily'], 64, /'mail\/daily' names no function; did you mean mail\/daily#daily\?/],
  ['a task without a function after its #', ['enqueue', 'mail#'], 64, /names no function after the #/],
  ['a task without a module', ['enqueue', '#f'], 64, /names no module before the #/],
  ['a task by its absolute path', ['enqueue', '/etc/mail#f'], 64, /is an absolute path/],
  ['a task that climbs out of the roots', ['enqueue', '../mail#f'], 64, /leaves the task roots/],
  ['a built-in module', ['enqueue', 'node:fs#rmSync'], 64, /has a colon/],
  ['an empty task', ['enqueue', ''], 64, /the task is empty/],
  ['an unknown flag', ['enqueue', 'm#f', '--qeue', 'x'], 64, /there is no flag '--qeue'; did you mean --queue\?/],
  ['an unknown flag with a value', ['enqueue', 'm#f', '--timeot=5'], 64, /there is no flag '--timeot'; did you mean --timeout\?/],
  ['an unknown flag like no other', ['enqueue', 'm#f', '--zzzzzz'], 64, /there is no flag '--zzzzzz' \(see rqt enqueue --help\)/],
  ['an unknown letter', ['enqueue', 'm#f', '-x'], 64, /there is no flag '-x'/],
  ['a flag without its value', ['enqueue', 'm#f', '--timeout'], 64, /--timeout needs a value: --timeout DURATION/],
  ['a flag in place of a value', ['enqueue', 'm#f', '--queue', '--json'], 64, /--queue needs a value/],
  ['a flag that is given twice', ['enqueue', 'm#f', '-q', 'a', '-q', 'b'], 64, /--queue is given 2 times/],
  ['a value for a flag that takes none', ['enqueue', 'm#f', '--unique=yes'], 64, /--unique takes no value/],
  ['a negated flag that no setting has', ['enqueue', 'm#f', '--no-job-id'], 64, /--no-job-id is no flag/],
  ['invalid JSON', ['enqueue', 'm#f', 'a', ':{oops'], 65, /^rqt: argument 2 is not JSON/],
  ['invalid JSON behind a keyword', ['enqueue', 'm#f', 'n:=[1,'], 65, /^rqt: keyword 'n' is not JSON/],
  [
    'invalid JSON in a file',
    ['enqueue', 'm#f', `:@${folder}/broken.json`],
    65,
    /^rqt: argument 1 (\(file [^\n]*\) )?is not JSON/,
  ],
  ['a number that JSON readers would change', ['enqueue', 'm#f', ':1e999'], 65, /cannot be kept exactly/],
  ['a callback without #fn', ['enqueue', 'm#f', '--on-failure', 'bad'], 64, /^rqt: --on-failure: task 'bad' names no function/],
  ['a callback without a name', ['enqueue', 'm#f', '--on-success', 'm#'], 64, /^rqt: --on-success: task 'm#' names no function/],
  ['a missing @file', ['enqueue', 'm#f', '@/nowhere/x'], 66, /^rqt: argument 1: file '\/nowhere\/x' does not exist/],
  ['a missing key=@file', ['enqueue', 'm#f', 'k=@/nowhere/x'], 66, /^rqt: keyword 'k': file '\/nowhere\/x' does not exist/],
  ['a directory as a file', ['enqueue', 'm#f', `@${folder}`], 66, /is a directory/],
  ['a file that is not UTF-8', ['enqueue', 'm#f', `@${folder}/latin1`], 65, /is not UTF-8/],
  ['the same keyword twice', ['enqueue', 'm#f', 'k=1', 'k:=2'], 65, /keyword 'k' is given twice/],
  [
    "RQ's %literal",
    ['enqueue', 'm#f', '%(1, None)'],
    65,
    /is a Python literal, which rqt does not read; write JSON, for example ':/,
  ],
  ["RQ's key%=literal", ['enqueue', 'm#f', 'k%=(1,)'], 65, /Python literal.*'k:=/],
  ['an id with a blank', ['enqueue', 'm#f', '--job-id', 'a b'], 64, /job id 'a b'/],
  ['an id with a colon', ['enqueue', 'm#f', '--job-id', 'a:b'], 64, /job id 'a:b'/],
  ['an empty id', ['enqueue', 'm#f', '--job-id', ''], 64, /the job id is empty/],
  ['a queue name with a comma', ['enqueue', 'm#f', '-q', 'a,b'], 64, /queue name 'a,b' has a comma/],
  ['a queue name with a space', ['enqueue', 'm#f', '-q', 'a b'], 64, /queue name 'a b' has a space/],
  ['an empty queue name', ['enqueue', 'm#f', '-q', ''], 64, /the queue name is empty/],
  ['a negative duration', ['enqueue', 'm#f', '--timeout', '-5'], 64, /--timeout '-5' is negative/],
  ['a duration in words', ['enqueue', 'm#f', '--result-ttl', 'soon'], 64, /--result-ttl 'soon' is not a duration/],
  ['a duration in an unknown unit', ['enqueue', 'm#f', '--failure-ttl', '5y'], 64, /--failure-ttl '5y' is not a duration/],
  ['an empty duration', ['enqueue', 'm#f', '--timeout', ''], 64, /--timeout '' is not a duration/],
  ['a ttl of 0', ['enqueue', 'm#f', '--ttl', '0'], 64, /--ttl '0' is zero/],
  ['a timeout of 0', ['enqueue', 'm#f', '--timeout', '0s'], 64, /--timeout '0s' is zero/],
  ['--lines on a missing file', ['enqueue', 'm#f', '--lines', '/nowhere/x'], 66, /--lines \/nowhere\/x: there is no such file/],
  ['a namespace with a blank', ['enqueue', 'm#f', '--namespace', 'a b'], 64, /--namespace: 'a b' is no namespace/],
  ['a URL that is none', ['enqueue', 'm#f', '--url', 'ftp://x'], 64, /--url: 'ftp:\/\/x' is no Redis URL/],
  ['status without an id', ['status'], 64, /rqt status <id…>/],
  ['an id that no job can have', ['status', 'a b'], 64, /job id 'a b'/],
  ['cancel without an id', ['cancel'], 64, /rqt cancel <id…>/],
  ['cancel with one bad id among good ones', ['cancel', 'good', 'a b'], 64, /job id 'a b'/],
  ['empty without queues', ['empty'], 64, /name the queues to empty, or give --all/],
  ['empty with queues and --all', ['empty', '--all', 'a'], 64, /names of queues and --all exclude each other/],
  ['shutdown without workers', ['shutdown'], 64, /name the workers to shut down, or give --all/],
  ['shutdown with workers and --all', ['shutdown', 'w', '-a'], 64, /names of workers and --all exclude each other/],
  ['requeue without anything', ['requeue'], 64, /name the jobs to run again, or say which/],
  ['requeue with ids and --all', ['requeue', 'x', '--all'], 64, /ids of jobs and --all exclude each other/],
  ['requeue with ids and --task', ['requeue', 'x', '--task', 'm#f'], 64, /ids of jobs and --task exclude each other/],
  ['wait without anything', ['wait'], 64, /say what to wait for/],
  ['wait with ids and a group', ['wait', 'f1', 'f2', '-g', 'x'], 64, /ids of jobs and --group exclude each other/],
  ['info on a queue that no queue can be', ['info', 'a,b'], 64, /queue name 'a,b' has a comma/],
  ['an interval of 0', ['info', '-i', '0'], 64, /--interval '0': it must be a number of seconds above 0/],
  ['an interval in words', ['info', '-i', 'often'], 64, /--interval 'often'/],
  ['only queues and only workers', ['info', '-Q', '-W'], 64, /exclude each other/],
  ['raw lines and a document', ['info', '-r', '--json'], 64, /--raw and --json both say what stdout is/],
  ['a raw result and a document', ['result', 'x', '--raw', '--json'], 64, /--raw and --json both say what stdout is/],
  ['a word too many where none is taken', ['fsck', 'x'], 64, /'x' is one word too many: rqt fsck \(see rqt fsck --help\)/],
  ['words after -- that mean nothing', ['info', '--', 'x'], 64, /nothing may follow --/],
  ['an unknown verb of rqt redis', ['redis', 'start'], 64, /say status, url or stop/],
];

describe('one line on stderr, its exit status, and nothing enqueued:', { concurrency: 4 }, () => {
  for (const [what, args, status, says] of CASES) {
    test(`${what} is ${status}`, async () => {
      const ran = await newSpace(redis).run(args);
      assert.equal(ran.stdout, '');
      assert.match(ran.stderr, /^rqt: [^\n]+\n$/);
      assert.match(ran.stderr, says);
      assert.equal(ran.status, status);
      assert.equal(await redis.client.dbsize(), 0);
    });
  }
});

/** Runs rqt through a shell: Node cannot pass bytes that are not UTF-8. */
function runInShell(line: string): Promise<{ status: number; stderr: string }> {
  const env = cleanEnv({ RQT_REDIS_URL: redis.url, RQT: `${process.execPath} ${launcher}` });
  return new Promise(resolve =>
    execFile('sh', ['-c', line], { env }, (error: ExecFileException | null, _stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stderr }),
    ),
  );
}

for (const [what, line] of [
  ['argument', '$RQT enqueue m#f good "$(printf \'caf\\351\')"'],
  ['keyword', '$RQT enqueue m#f "k=$(printf \'\\377\')"'],
  ['word after --', '$RQT enqueue m#f -- "$(printf \'\\377\')"'],
  ['flag', '$RQT enqueue m#f --description "$(printf \'\\377\')"'],
] as const) {
  test(`a ${what} that is not UTF-8: one line, 65, nothing enqueued`, { skip: process.platform !== 'linux' }, async () => {
    const { status, stderr } = await runInShell(line);
    assert.match(stderr, /^rqt: argument \d of the command line, '[^\n]*\\x(e9|ff)', is not UTF-8[^\n]*\n$/);
    assert.equal(status, 65);
    assert.equal(await redis.client.dbsize(), 0);
  });
}

test('a message about hostile input holds no control character', async () => {
  const space = newSpace(redis);
  for (const args of [
    ['enqueue', 'm#f', '-q', 'a\x1b[2J\nb'],
    ['enqueue', '\x1b[2J\n'],
    ['\x1b[2J\n'],
    ['info', '--\x1b[2J\n'],
  ]) {
    const { stderr, status } = await space.run(args);
    assert.match(stderr, /^rqt: [^\x00-\x1f]+\n$/);
    assert.equal(status, 64);
  }
});

test('flags are told in English whatever the locale is', async () => {
  const { stderr } = await newSpace(redis).run(['enqueue', 'm#f', '--timeout'], {
    env: { LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' },
  });
  assert.match(stderr, /^rqt: --timeout needs a value/);
});

test('a Redis that does not run is told in one line, with 69', async () => {
  for (const args of [['enqueue', 'm#f'], ['info'], ['status', 'x'], ['cancel', 'x'], ['empty', 'x'], ['worker', '--burst']]) {
    const ran = await newSpace(redis).run(args, { env: { RQT_REDIS_URL: 'unix:///nowhere/redis.sock' } });
    assert.deepEqual([ran.status, ran.stdout], [69, '']);
    assert.match(
      ran.stderr,
      /^rqt: Redis at unix:\/\/\/nowhere\/redis.sock \(from RQT_REDIS_URL\) cannot be reached: [^\n]+ \(start it, or correct RQT_REDIS_URL\)\n$/,
    );
  }
});

test('a wrong URL is 64 from the flag and 78 from a variable, which is named', async () => {
  const fromFlag = await newSpace(redis).run(['info', '--url', 'redis//x']);
  const fromVariable = await newSpace(redis).run(['info'], { env: { RQT_REDIS_URL: undefined, REDIS_URL: 'redis//x' } });
  assert.deepEqual([fromFlag.status, fromVariable.status], [64, 78]);
  assert.match(fromFlag.stderr, /^rqt: --url: [^\n]+\n$/);
  assert.match(fromVariable.stderr, /^rqt: REDIS_URL: [^\n]+\n$/);
});
