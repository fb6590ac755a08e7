import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';

const redis = await startRedis();
const { client } = redis;
const cron = (space: Space, ...args: string[]) => space.run(['cron', ...args]);

/** Puts the next slot of an entry somewhere else. */
async function setNext(space: Space, name: string, slot: number): Promise<void> {
  await client
    .multi()
    .hset(space.key(`rqt:cron:${name}`), 'next', slot)
    .zadd(space.key('rqt:cron'), slot, name)
    .exec();
}

test('add tells the next slot in the zone of the entry; the same again is done already', async () => {
  const space = newSpace(redis);
  const args = ['nightly', '30 2 * * *', 'report#nightly', 'all', 'x=1', '--tz', 'Europe/Berlin'];
  const first = await cron(space, 'add', ...args);
  assert.deepEqual([first.status, first.stderr], [0, '']);
  assert.match(first.stdout, /^nightly added; next slot \d{4}-\d\d-\d\d 02:30:00 Europe\/Berlin \(in .+\)\n$/);
  const again = await cron(space, 'add', ...args, '--timeout', '3m');
  assert.match(again.stdout, /^nightly is there already; next slot /);
  assert.equal(again.status, 0);
  assert.equal((await cron(space, 'add', ...args, '--quiet')).stdout, '');
  const document = JSON.parse((await cron(space, 'add', ...args, '--json')).stdout);
  assert.match(document.next_slot, /^\d{4}-\d\d-\d\dT0[01]:30:00\.000Z$/);
  assert.deepEqual(
    [document.version, document.kind, document.name, document.outcome, document.expression, document.zone],
    [1, 'cron_put', 'nightly', 'unchanged', '30 2 * * *', 'Europe/Berlin'],
  );
});

test('another entry of the name is refused with 1, and replaced with --replace', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'a', '@daily', 'm#f', '--tz', 'UTC');
  const before = await dumpKeys(client, space.namespace);
  const refused = await cron(space, 'add', 'a', '@hourly', 'm#f', '--tz', 'UTC');
  assert.deepEqual([refused.status, refused.stdout], [1, '']);
  assert.match(refused.stderr, /cron entry a exists already .* nothing was changed .*--replace/);
  assert.deepEqual(await dumpKeys(client, space.namespace), before);
  const replaced = await cron(space, 'add', 'a', '@hourly', 'm#f', '--tz', 'UTC', '--replace');
  assert.match(replaced.stdout, /^a replaced; next slot /);
});

test("without --tz the zone is the machine's own, kept by its name", async () => {
  const space = newSpace(redis);
  await space.run(['cron', 'add', 'a', '@daily', 'm#f'], { env: { TZ: 'Australia/Lord_Howe' } });
  assert.equal(await client.hget(space.key('rqt:cron:a'), 'zone'), 'Australia/Lord_Howe');
});

const REFUSED: readonly (readonly [args: readonly string[], status: number, message: RegExp])[] = [
  [['a', '0 0 30 2 *', 'm#f'], 65, /'0 0 30 2 \*' can never come true/],
  [['a', '0 0 * *', 'm#f'], 65, /has 4 fields, not five/],
  [['a', '0 99 * * *', 'm#f'], 65, /Invalid value for hour: 99/],
  [['a', '@daily', 'm#f', '--tz', 'Berlin'], 64, /'Berlin' is not a known time zone; did you mean Europe\/Berlin\?/],
  [['a', '@daily', 'm#f', '--tz', '+02:00'], 64, /is an offset, not a zone/],
  [['a', '@daily', 'm#f', '--catch-up', 'some'], 64, /--catch-up 'some': say all, last or none/],
  [['a b', '@daily', 'm#f'], 64, /name 'a b' has other characters/],
  [['a', '@daily', 'nothing'], 64, /names no function; did you mean nothing#nothing\?/],
  [['a', '@daily'], 64, /something is missing/],
  [['a', '@daily', 'm#f', '--lines', 'x'], 64, /there is no flag '--lines'/],
  [['a', '@daily', 'm#f', '--depends-on', 'x'], 64, /there is no flag '--depends-on'/],
  [['a', '@daily', 'm#f', '--schedule-in', '5'], 64, /there is no flag '--schedule-in'/],
  [['a', '@daily', 'm#f', '--qeue', 'x'], 64, /did you mean --queue\?/],
  [['a', '@daily', 'm#f', 'x:=}'], 65, /keyword 'x'/],
];
for (const [args, status, message] of REFUSED) {
  test(`cron add ${args.join(' ')} is ${status}, and nothing is written`, async () => {
    const space = newSpace(redis);
    const ran = await cron(space, 'add', ...args);
    assert.deepEqual([ran.status, ran.stdout, linesOf(ran.stderr).length], [status, '', 1]);
    assert.match(ran.stderr, message);
    assert.deepEqual(await space.keys(), []);
  });
}

test('what is wrong with an entry is told without Redis', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['cron', 'add', 'a', '0 0 30 2 *', 'm#f'], { env: { RQT_REDIS_URL: 'redis://127.0.0.1:1' } });
  assert.equal(ran.status, 65);
});

test('list shows the next and the last slot and the outcome, in the zone of each entry', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'b', '0 0 1 1 *', 'hello#hello', 'you', '--tz', 'UTC');
  await cron(space, 'add', 'a', '*/5 * * * *', 'm#f', '--tz', 'Europe/Berlin', '-q', 'high', '--catch-up', 'none');
  await cron(space, 'add', 'c', '@weekly', 'm#f', '--tz', 'UTC');
  await cron(space, 'pause', 'c');
  await client.hset(space.key('rqt:cron:c'), 'last_job', 'gone');
  await setNext(space, 'b', Date.UTC(2026, 0, 1));
  assert.equal((await space.run(['worker', '--burst'])).status, 0);
  const { stdout, status } = await cron(space, 'list');
  assert.equal(status, 0);
  const [head, , a, b, c] = linesOf(stdout);
  assert.match(head ?? '', /^name +when +zone +queue +task +next slot +last slot +outcome$/);
  assert.match(a ?? '', /^a +\*\/5 \* \* \* \* +Europe\/Berlin +high +m#f\(\) +.*\d\d:\d[05] \(in \d+ (s|min)\)$/);
  assert.match(
    b ?? '',
    /^b +0 0 1 1 \* +UTC +default +hello#hello\('you'\) +\d{4}-01-01 00:00 \(in \d+ d\) +.*00:00 +✓ finished$/,
  );
  assert.match(c ?? '', /^c +@weekly .* paused +gone$/);
  for (const columns of ['80', '200']) {
    const ran = await space.run(['cron', 'list'], { env: { COLUMNS: columns } });
    for (const line of linesOf(ran.stdout)) assert.ok([...line].length <= Number(columns), line);
    assert.match(ran.stdout, /✓ finished/);
  }
  const documents = linesOf((await cron(space, 'list', 'a', 'b', '--json')).stdout).map(line => JSON.parse(line));
  assert.deepEqual(
    documents.map(({ version, kind, name, zone, catch_up, queue, task, args, paused, last_job_state, flags }) => [
      ...[version, kind, name, zone, catch_up, queue, task, args, paused, last_job_state, flags],
    ]),
    [
      [1, 'cron_entry', 'a', 'Europe/Berlin', 'none', 'high', 'm#f', [], false, null, ['--queue=high']],
      [1, 'cron_entry', 'b', 'UTC', 'last', 'default', 'hello#hello', ['you'], false, 'finished', []],
    ],
  );
});

test('at 80 columns a list of entries that never ran has room for names and zones, not for outcomes that there are none of', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'customer-statements-monthly', '0 6 1 * *', 'm#f', '--tz', 'America/Argentina/Buenos_Aires');
  const { stdout } = await space.run(['cron', 'list'], { env: { COLUMNS: '80' } });
  const [head, , entry] = linesOf(stdout);
  assert.match(head ?? '', /^name +when +zone +next slot$/);
  assert.match(entry ?? '', /^customer-statements.* {2}0 6 1 \* \* {2}America\/Arg/);
  for (const line of linesOf(stdout)) assert.ok([...line].length <= 80, line);
});

test('list, check and a dry run write nothing', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'a', '@daily', 'm#f');
  await setNext(space, 'a', 1);
  const before = await dumpKeys(client, space.namespace);
  await cron(space, 'list');
  await cron(space, 'list', '--crontab');
  await cron(space, 'check');
  await space.run(['cron', 'apply', '-', '--dry-run'], { input: 'b @daily m#f\n' });
  assert.deepEqual(await dumpKeys(client, space.namespace), before);
});

test('list of nothing says how to begin', async () => {
  const space = newSpace(redis);
  const ran = await cron(space, 'list');
  assert.deepEqual([ran.status, ran.stdout], [0, '']);
  assert.match(ran.stderr, /there are no cron entries \(add one: rqt cron add/);
  assert.deepEqual(await cron(space, 'list', '--json').then(({ status, stdout, stderr }) => [status, stdout, stderr]), [
    0,
    '',
    '',
  ]);
});

test('an entry that does not exist is 66 with the nearest name', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'nightly', '@daily', 'm#f');
  for (const verb of ['list', 'remove', 'pause', 'resume', 'run', 'check']) {
    const ran = await cron(space, verb, 'nightyl');
    assert.deepEqual([ran.status, ran.stdout], [66, ''], verb);
    assert.match(ran.stderr, /^rqt: there is no cron entry nightyl; did you mean nightly\? \(look: rqt cron list\)\n$/);
  }
});

test('pause, resume, remove', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'a', '@daily', 'm#f', '--tz', 'UTC');
  assert.equal((await cron(space, 'pause', 'a')).stdout, 'a is paused until rqt cron resume a\n');
  assert.equal((await cron(space, 'pause', 'a')).stdout, 'a is paused until rqt cron resume a (it was already)\n');
  assert.deepEqual(JSON.parse((await cron(space, 'resume', 'a', '--json')).stdout), {
    version: 1,
    kind: 'cron_resumed',
    name: 'a',
    changed: true,
  });
  assert.equal((await cron(space, 'resume', 'a')).stdout, 'a was not paused\n');
  assert.equal((await cron(space, 'remove', 'a')).stdout, 'a removed; the jobs that it made stay\n');
  assert.deepEqual(await space.keys(), []);
});

test('a paused entry that is resumed goes on with a slot that is to come', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'a', '@yearly', 'm#f', '--catch-up', 'all');
  await setNext(space, 'a', 1);
  await cron(space, 'pause', 'a');
  assert.match((await cron(space, 'resume', 'a')).stdout, /^a goes on; next slot \d{4}-01-01 00:00:00 /);
  assert.ok(Number(await client.hget(space.key('rqt:cron:a'), 'next')) > Date.now());
});

test('run prints the id of a job that is enqueued now', async () => {
  const space = newSpace(redis);
  await cron(
    space,
    'add',
    'a',
    '@yearly',
    'hello#hello',
    'you',
    '--meta',
    'by=cron',
    '--retry-max',
    '2',
    '--retry-interval',
    '60',
    '--jitter',
  );
  const next = await client.hget(space.key('rqt:cron:a'), 'next');
  const { stdout, status } = await cron(space, 'run', 'a');
  assert.equal(status, 0);
  const id = stdout.trim();
  assert.match(id, /^cron-a-[0-9a-f-]{36}$/);
  assert.equal((await space.run(['worker', '--burst'])).status, 0);
  const job = JSON.parse((await space.run(['status', id, '--json'])).stdout);
  assert.deepEqual([job.state, job.meta, job.task, job.args], ['finished', { by: 'cron' }, 'hello#hello', ['you']]);
  const intervals = JSON.parse((await space.field(id, 'retry_intervals')) ?? '[]');
  assert.equal(intervals.length, 2);
  assert.equal(await client.hget(space.key('rqt:cron:a'), 'next'), next);
  const document = JSON.parse((await cron(space, 'run', 'a', '--json')).stdout);
  assert.deepEqual([document.version, document.kind, document.queue, document.name], [1, 'cron_ran', 'default', 'a']);
});

test('check is silent while all is well, and 1 with a line for each slot that was missed', async () => {
  const space = newSpace(redis);
  assert.equal((await cron(space, 'check')).status, 0);
  await cron(space, 'add', 'a', '@yearly', 'm#f', '--tz', 'UTC');
  await cron(space, 'add', 'b', '@yearly', 'm#f');
  const well = await cron(space, 'check');
  assert.deepEqual([well.status, well.stdout, well.stderr], [0, '', '']);
  await setNext(space, 'a', Date.now() - 3_600_000);
  const late = await cron(space, 'check');
  assert.equal(late.status, 1);
  assert.match(
    late.stdout,
    /^a: its slot of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC is 1 h overdue; no worker fires it \(look: rqt info -W\)\n$/,
  );
  assert.equal((await cron(space, 'check', 'b')).status, 0);
  const [problem] = linesOf((await cron(space, 'check', '--json')).stdout).map(line => JSON.parse(line));
  assert.deepEqual([problem.version, problem.kind, problem.name, problem.problem], [1, 'cron_problem', 'a', 'overdue']);
  await cron(space, 'pause', 'a');
  assert.equal((await cron(space, 'check')).status, 0);
});

const FILE = `# the timetable
TZ=Europe/Berlin
nightly  30 2 * * MON-FRI   report#nightly 'a b' n:=3 --queue reports --retry-max 3 --retry-interval 60 --jitter
tick     */10 * * * * *     hello#hello you --meta 'k:={"a":[1]}'

CRON_TZ=UTC
hourly   @hourly            shell#run "echo it's \\"x\\"" e= big:=12345678901234567890 u=https://h/?a=b --catch-up none -- -plain x=1 :no @no
`;

test('apply makes the timetable what the file says; a second time changes nothing', async () => {
  const space = newSpace(redis);
  const path = `${newFolder({ 'jobs.cron': FILE })}/jobs.cron`;
  await cron(space, 'add', 'old', '@daily', 'm#f', '--tz', 'UTC');
  await cron(space, 'add', 'tick', '*/5 * * * * *', 'hello#hello', 'me', '--tz', 'UTC');
  const dry = await cron(space, 'apply', path, '--dry-run');
  const applied = await cron(space, 'apply', path);
  assert.equal(applied.status, 0, applied.stderr);
  assert.equal(applied.stdout, dry.stdout);
  assert.deepEqual(linesOf(applied.stdout), [
    "+ nightly  30 2 * * MON-FRI  Europe/Berlin  report#nightly('a b', n=3)",
    `~ tick  when */5 * * * * * -> */10 * * * * *, zone UTC -> Europe/Berlin, call hello#hello('me') -> hello#hello('you'), flags (none) -> --meta k:={"a":[1]}`,
    `+ hourly  @hourly  UTC  shell#run('echo it\\'s "x"', '-plain', 'x=1', ':no', '@no', big=12345678901234567890, e='', u='https://h/?a=b')`,
    '- old  @daily  UTC  m#f()',
  ]);
  assert.equal(dry.stderr, '4 entries: 2 added, 1 removed, 1 changed, 0 unchanged (dry run: nothing was done)\n');
  assert.equal(applied.stderr, '4 entries: 2 added, 1 removed, 1 changed, 0 unchanged\n');
  const before = await dumpKeys(client, space.namespace);
  const again = await cron(space, 'apply', path);
  assert.equal(again.stderr, '3 entries: 0 added, 0 removed, 0 changed, 3 unchanged\n');
  assert.deepEqual(await dumpKeys(client, space.namespace), before);
});

test('list --crontab is a file that says the same', async () => {
  const space = newSpace(redis);
  assert.equal((await space.run(['cron', 'apply', '-', '--quiet'], { input: FILE })).status, 0);
  const { stdout } = await cron(space, 'list', '--crontab');
  const again = await space.run(['cron', 'apply', '-'], { input: stdout });
  assert.equal(again.stderr, '3 entries: 0 added, 0 removed, 0 changed, 3 unchanged\n', stdout);
  const other = newSpace(redis);
  assert.equal((await other.run(['cron', 'apply', '-'], { input: stdout })).status, 0);
  assert.equal((await cron(other, 'list', '--crontab')).stdout, stdout);
});

const BAD_FILES: readonly (readonly [text: string, message: RegExp])[] = [
  ['a @daily m#f\nb 0 0 30 2 * m#f\n', /standard input:2: cron expression '0 0 30 2 \*' can never come true/],
  ['a @daily m#f --qeue x\n', /standard input:1: an entry has no flag '--qeue'; did you mean --queue\?/],
  ['a @daily m#f --queue\n', /standard input:1: --queue needs a value: --queue NAME/],
  ['a @daily m#f --at-front=yes\n', /standard input:1: --at-front takes no value/],
  ['a @daily m#f -q a -q b\n', /standard input:1: --queue is given twice/],
  ['a @daily m#f\na.b @daily m#f\n', /standard input:2: name 'a\.b' has other characters/],
  ['a @daily m#f x:={\n', /standard input:1: keyword 'x'/],
  ['a @daily m#f --tz Nowhere\n', /standard input:1: --tz 'Nowhere' is not a known time zone/],
  ['# nothing\n', /standard input has no entries; to remove all that there are, say --allow-empty/],
];
for (const [text, message] of BAD_FILES) {
  test(`apply refuses ${JSON.stringify(text)} with 65 and its line, and changes nothing`, async () => {
    const space = newSpace(redis);
    await cron(space, 'add', 'old', '@daily', 'm#f');
    const before = await dumpKeys(client, space.namespace);
    const ran = await space.run(['cron', 'apply', '-'], { input: text });
    assert.deepEqual([ran.status, ran.stdout], [65, '']);
    assert.match(ran.stderr, message);
    assert.deepEqual(await dumpKeys(client, space.namespace), before);
  });
}

test('apply of a file that there is not is 66, and of one that is not UTF-8 65', async () => {
  const space = newSpace(redis);
  const folder = newFolder({ bad: Buffer.from([0x61, 0xff]) });
  assert.equal((await cron(space, 'apply', `${folder}/none`)).status, 66);
  assert.equal((await cron(space, 'apply', folder)).status, 66);
  const bad = await cron(space, 'apply', `${folder}/bad`);
  assert.equal(bad.status, 65);
  assert.match(bad.stderr, /is not UTF-8/);
});

test('apply --allow-empty removes them all', async () => {
  const space = newSpace(redis);
  await cron(space, 'add', 'old', '@daily', 'm#f');
  const ran = await space.run(['cron', 'apply', '-', '--allow-empty', '--json'], { input: '' });
  assert.deepEqual(JSON.parse(ran.stdout), {
    version: 1,
    kind: 'cron_applied',
    name: 'old',
    outcome: 'removed',
    changes: [],
    dry_run: false,
  });
  assert.deepEqual(await space.keys(), []);
});

test('subcommands have help, and a mistyped one is told the nearest', async () => {
  const space = newSpace(redis);
  const [all, one, typo, none, flag] = await Promise.all([
    cron(space, '--help'),
    cron(space, 'apply', '--help'),
    cron(space, 'lst'),
    cron(space),
    cron(space, 'add', 'a', '@daily', 'm#f', '--catchup', 'all'),
  ]);
  assert.equal(all.status, 0);
  for (const verb of ['add', 'list', 'remove', 'pause', 'resume', 'run', 'apply', 'check'])
    assert.match(all.stdout, new RegExp(`rqt cron ${verb} `));
  assert.match(one.stdout, /^rqt cron apply FILE \[flags\]/);
  assert.equal(typo.stderr, "rqt: there is no command 'cron lst'; did you mean cron list? (see rqt cron --help)\n");
  assert.match(none.stderr, /^rqt: say what to do: rqt cron add\|list\|/);
  assert.match(flag.stderr, /did you mean --catch-up\? \(see rqt cron add --help\)/);
  assert.deepEqual([typo.status, none.status, flag.status], [64, 64, 64]);
});
