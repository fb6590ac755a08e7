import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JOB_STATES } from '../../src/model.ts';
import { projectRoot, rqt } from '../helpers/rqt.ts';
import { linesOf } from '../helpers/space.ts';

const COMMANDS = ['enqueue', 'worker', 'info', 'status', 'cancel', 'empty', 'redis'];

/** No Redis is there: help needs none. */
const env = { RQT_REDIS_URL: 'unix:///nowhere/redis.sock' };

test('--help lists every command on stdout', async () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const ran = await rqt(args, { env });
    assert.deepEqual([ran.status, ran.stderr], [0, '']);
    for (const name of COMMANDS) assert.match(ran.stdout, new RegExp(`^\\s*(?:rqt |\\w[\\w ]* +)?${name} `, 'm'), name);
  }
});

for (const name of COMMANDS) {
  test(`rqt ${name} --help shows how to call it and each of its flags`, async () => {
    const ran = await rqt([name, '--help'], { env });
    assert.deepEqual([ran.status, ran.stderr], [0, '']);
    assert.match(ran.stdout, new RegExp(`^rqt ${name}`));
    assert.match(ran.stdout, /--url/);
    assert.equal((await rqt(['help', name], { env })).stdout, ran.stdout);
  });
}

test('help names every flag of enqueue that the README promises', async () => {
  const { stdout } = await rqt(['enqueue', '--help'], { env });
  const flags = [
    'queue',
    'timeout',
    'result-ttl',
    'ttl',
    'failure-ttl',
    'description',
    'job-id',
    'at-front',
    'unique',
    'quiet',
    'json',
    'lines',
  ];
  for (const flag of flags) assert.match(stdout, new RegExp(`--${flag}\\s`), flag);
});

test('help is plain text in a pipe and fits its width', async () => {
  for (const name of COMMANDS) {
    const { stdout } = await rqt([name, '--help'], { env });
    assert.doesNotMatch(stdout, /\x1b/);
    for (const line of linesOf(stdout)) assert.ok([...line].length <= 130, line);
  }
});

test('help wins over whatever else is on the line', async () => {
  const ran = await rqt(['enqueue', 'm#f', '--queue', 'a', '--help'], { env });
  assert.equal(ran.status, 0);
  assert.match(ran.stdout, /^rqt enqueue/);
});

test("--version prints the package's version alone", async () => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  for (const flag of ['--version', '-V']) {
    const ran = await rqt([flag], { env });
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${version}\n`, '']);
  }
});

const SCRIPTS: Readonly<Record<string, RegExp>> = {
  bash: /^complete .* -F _rqt_yargs_completions rqt$/m,
  zsh: /^#compdef rqt$/m,
  fish: /^complete -f -c rqt -a '\(rqt --get-yargs-completions/m,
};
for (const [shell, script] of Object.entries(SCRIPTS)) {
  test(`completion prints a script for ${shell}, if that is the shell or is named`, async () => {
    for (const [args, SHELL] of [
      [[], `/usr/bin/${shell}`],
      [[shell], '/bin/tcsh'],
    ] as const) {
      const ran = await rqt(['completion', ...args], { env: { ...env, SHELL, ZSH_NAME: 'zsh' } });
      assert.deepEqual([ran.status, ran.stderr], [0, '']);
      assert.match(ran.stdout, script);
    }
  });
}

test('completion without a shell is for bash; for a shell that it does not know it is 64, with those that it knows', async () => {
  const bare = await rqt(['completion'], { env: { ...env, SHELL: undefined } });
  assert.match(bare.stdout, SCRIPTS.bash ?? /^$/);
  for (const [args, SHELL] of [
    [[], '/bin/tcsh'],
    [['tcsh'], '/bin/bash'],
  ] as const) {
    const ran = await rqt(['completion', ...args], { env: { ...env, SHELL } });
    assert.deepEqual([ran.status, ran.stdout], [64, '']);
    assert.equal(
      ran.stderr,
      "rqt: there is no completion script for 'tcsh': rqt completion bash|zsh|fish (see rqt completion --help)\n",
    );
  }
});

test('completion has its own help', async () => {
  for (const words of [
    ['completion', '--help'],
    ['help', 'completion'],
  ]) {
    const ran = await rqt(words, { env });
    assert.equal(ran.status, 0);
    assert.match(ran.stdout, /^rqt completion \[bash\|zsh\|fish\]/);
  }
});

test('completion knows the values of a flag that takes one of a few', async () => {
  const complete = async (...words: string[]) =>
    linesOf((await rqt(['--get-yargs-completions', 'rqt', ...words, ''], { env: { ...env, SHELL: '/bin/bash' } })).stdout);
  assert.deepEqual(await complete('jobs', '--state'), [...JOB_STATES]);
  assert.deepEqual(await complete('jobs', '-s'), [...JOB_STATES]);
  assert.deepEqual(await complete('enqueue', '--overlap'), ['skip', 'queue', 'replace']);
  assert.deepEqual(await complete('cron', 'add', '--catch-up'), ['all', 'last', 'none']);
  assert.deepEqual(await complete('worker', '--log-format'), ['text', 'json']);
});

test('completion knows the commands, and the flags of a command', async () => {
  const complete = async (...words: string[]) =>
    linesOf((await rqt(['--get-yargs-completions', 'rqt', ...words], { env: { ...env, SHELL: '/bin/bash' } })).stdout);
  const commands = await complete('en');
  for (const name of COMMANDS) assert.ok(commands.includes(name), name);
  assert.ok((await complete('enqueue', '--at')).includes('--at-front'));
});

test('help shows what each flag takes: its values where they are few, else what kind of value', async () => {
  const { stdout } = await rqt(['enqueue', '--help'], { env });
  for (const flag of ['overlap skip|queue|replace', 'on-parent-failure cancel|wait', 'backoff exponential|linear'])
    assert.ok(stdout.includes(`--${flag}`), flag);
  for (const flag of ['-q, --queue NAME', '--timeout DURATION', '--max-depth N', '--depends-on ID', '--url URL'])
    assert.ok(stdout.includes(flag), flag);
  assert.doesNotMatch(stdout, /\[string\]|\[boolean\]|\[array\]/);
  const worker = (await rqt(['worker', '-bh'], { env })).stdout;
  for (const flag of ['dequeue-strategy default|random|round_robin', 'log-format text|json'])
    assert.ok(worker.includes(`--${flag}`), flag);
  assert.match((await rqt(['logs', '--help'], { env })).stdout, /--stream stdout\|stderr {2}/);
});

test('help of a worker names each exit status of a burst', async () => {
  const { stdout } = await rqt(['worker', '--help'], { env });
  const [, told = ''] = /Exit status of a burst: ([\s\S]*)/.exec(stdout) ?? [];
  assert.deepEqual(
    [...told.matchAll(/\d+/g)].map(([status]) => Number(status)).sort((a, b) => a - b),
    [0, 1, 69, 73, 75],
  );
});

test('rqt alone shows its help on stderr, and is told from a question for help by its status', async () => {
  const ran = await rqt([], { env });
  const help = (await rqt(['--help'], { env })).stdout;
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [64, '', `${help}rqt: say what to do\n`]);
});

for (const [typed, meant] of [
  ['ls', 'jobs'],
  ['list', 'jobs'],
  ['ps', 'info'],
  ['retry', 'requeue'],
  ['rm', 'delete'],
  ['remove', 'delete'],
  ['show', 'status'],
  ['pause', 'suspend'],
  ['unpause', 'resume'],
  ['purge', 'empty'],
  ['work', 'worker'],
] as const) {
  test(`who types rqt ${typed} is told of rqt ${meant}`, async () => {
    const ran = await rqt([typed, 'x'], { env });
    assert.deepEqual(
      [ran.status, ran.stderr],
      [64, `rqt: there is no command '${typed}'; did you mean ${meant}? (see rqt --help)\n`],
    );
  });
}
