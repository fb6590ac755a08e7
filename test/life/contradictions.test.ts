/** Issue 3, section 5: nonsense is refused with 64 (65 for content, 66 for a file) in one line, and nothing is enqueued. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linesOf, newFolder } from '../helpers/space.ts';
import { openLives } from './life.ts';

const { redis, newLife } = await openLives();
const folder = newFolder();
const binary = join(folder, 'binary');
writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));

/** What is behind `rqt enqueue t#nothing`, and what the line says but for its quotes. */
const refused: [flags: string[], says: RegExp, status?: number][] = [
  // Numbers
  [['--retry-max', 'x'], /--retry-max x is not a whole number.*--retry-max 3/],
  [['--retry-max', '0'], /--retry-max 0 is less than 1/],
  [['--retry-max=-1'], /--retry-max -1 is negative/],
  [['--retry-max', '1.5'], /is not a whole number/],
  [['--repeat', 'often'], /--repeat often is not a whole number.*--repeat 3/],
  [['--repeat', '0'], /--repeat 0 is less than 1/],
  [['--max-crashes', 'some'], /--max-crashes some is not a whole number.*--max-crashes 3/],
  [['--max-crashes=-1'], /is negative/],
  [['--max-crashes', '1001'], /is more than 1000/],
  // Durations
  [['--schedule-in', 'soon'], /--schedule-in soon is not a duration.*90s/],
  [['--schedule-in=-1'], /--schedule-in -1 is negative/],
  [['--schedule-in', '0.5s'], /no whole number of seconds/],
  [['--schedule-in', '200000d'], /is more than 100 years/],
  [['--retry-max', '2', '--retry-interval', '10,x'], /--retry-interval x is not a duration/],
  [['--retry-max', '2', '--retry-interval', '10,,30'], /empty duration/],
  [['--retry-max', '2', '--backoff', 'linear', '--retry-delay', 'x'], /--retry-delay x is not a duration/],
  [['--retry-max', '2', '--backoff', 'linear', '--retry-max-delay', '0'], /--retry-max-delay 0 is zero/],
  [['--repeat', '2', '--repeat-interval', 'x'], /--repeat-interval x is not a duration/],
  [['--on-success', 'a#b', '--callback-timeout', '0'], /--callback-timeout 0 is zero/],
  [['--on-success', 'a#b', '--callback-timeout', 'x'], /--callback-timeout x is not a duration/],
  [['--timeout', '0'], /--timeout 0 is zero/],
  [['--ttl', 'x'], /--ttl x is not a duration/],
  [['--result-ttl', 'x'], /--result-ttl x is not a duration/],
  [['--failure-ttl', '1.5s'], /no whole number of seconds/],
  // Times
  [['--schedule-at', 'tomorrow'], /--schedule-at tomorrow is not a date and time.*2027-01-31T09:00/],
  [['--schedule-at', '2027-02-30T09:00'], /a day that does not exist/],
  [['--schedule-at', '2027-01-31T25:00'], /a time of day that does not exist/],
  [['--schedule-at', '2999-01-31T09:00'], /more than 100 years ahead/],
  [['--schedule-at', '2037-01-31T09:00', '--tz', 'Mars/Base'], /--tz Mars\/Base is not a known time zone/],
  [['--schedule-at', '2037-01-31T09:00Z', '--tz', 'Europe/Berlin'], /has an offset and --tz names a zone/],
  // Ids, names and tasks
  [['--depends-on', 'a b'], /job id a b has other characters/],
  [['--depends-on', 'a,,b'], /has an empty job id.*--depends-on/],
  [['--depends-on', ''], /empty/],
  [['--job-id', 'a:b'], /job id a:b has other characters/],
  [['--group', 'a,b'], /group name a,b has a comma/],
  [['--group', ''], /group name is empty/],
  [['--queue', 'a b'], /queue name a b has a space/],
  [['--on-success', 'nope'], /task nope names no function; did you mean nope#nope/],
  [['--on-failure', '/etc/x#y'], /is an absolute path/],
  [['--on-stopped', '../x#y'], /leaves the task roots/],
  [['--meta', 'novalue'], /--meta novalue has no =value.*--meta owner=ann/],
  [['--meta', 'a=1', '--meta', 'a=2'], /--meta a is given twice/],
  [['--meta', 'a:={'], /a/, 65],
  [['--meta', 'a=@/nowhere/at/all'], /nowhere/, 66],
  [['--meta', `a=@${binary}`], /binary/, 65],
  [['--on-parent-failure', 'explode', '--depends-on', 'a'], /--on-parent-failure explode: say cancel or wait/],
  [['--retry-max', '2', '--backoff', 'cubic'], /--backoff cubic is not known.*exponential/],
  // Contradictions
  [['--schedule-in', '1h', '--schedule-at', '2037-01-31T09:00'], /--schedule-in and --schedule-at exclude each other/],
  [['--tz', 'Europe/Berlin'], /--tz is the zone of --schedule-at/],
  [['--schedule-in', '1h', '--tz', 'Europe/Berlin'], /--tz is the zone of --schedule-at/],
  [['--allow-failure'], /--allow-failure is about parents.*--depends-on/],
  [['--on-parent-failure', 'wait'], /--on-parent-failure is about parents/],
  [['--depends-on', 'a', '--allow-failure', '--on-parent-failure', 'wait'], /leave --on-parent-failure away/],
  [['--depends-on', 'me', '--job-id', 'me'], /a job cannot depend on itself/],
  [['--retry-interval', '10'], /--retry-interval says how retries wait, and there are none/],
  [['--jitter'], /--jitter says how retries wait/],
  [['--retry-max', '2', '--jitter'], /--jitter needs waits to vary/],
  [['--retry-max', '2', '--retry-delay', '5s'], /--retry-delay needs --backoff/],
  [['--retry-max', '2', '--retry-interval', '10', '--backoff', 'linear'], /give one of them/],
  [['--retry-max', '2', '--retry-interval', '1,2,3'], /has 3 waits and --retry-max allows 2 retries/],
  [['--retry-max', '2', '--backoff', 'linear', '--retry-delay', '1h', '--retry-max-delay', '1m'], /is shorter than/],
  [['--repeat-interval', '1h'], /--repeat-interval says how repeats wait, and there are none/],
  [['--repeat', '1', '--repeat-interval', '1,2'], /has 2 waits and --repeat allows 1/],
  [['--callback-timeout', '5'], /--callback-timeout is about --on-success/],
  [['--at-most-once', '--max-crashes', '2'], /--at-most-once never starts a job twice/],
  [['--at-most-once', '--retry-max', '2'], /--at-most-once never starts a job twice/],
  [['--at-most-once', '--repeat', '2'], /--at-most-once never starts a job twice/],
  [['--lines', '-', '--job-id', 'a'], /--job-id names one job and --lines makes many/],
  [['--lines', '/nowhere/at/all'], /there is no such file/, 66],
  [['--wait', '--lines', '-'], /--wait/],
];

// Many of them at a time, on one Redis: that it stays empty is looked at once for all.
test('each is refused with its status in one line that says what is wrong', async () => {
  const life = await newLife();
  const wrong: string[] = [];
  for (let from = 0; from < refused.length; from += 4) {
    await Promise.all(
      refused.slice(from, from + 4).map(async ([flags, says, status = 64]) => {
        const ran = await life.run(['enqueue', 't#nothing', ...flags], { input: '' });
        const isRight =
          ran.status === status && ran.stdout === '' && linesOf(ran.stderr).length === 1 && says.test(unquoted(ran.stderr));
        if (!isRight) wrong.push(`${flags.join(' ')} -> ${ran.status} ${ran.stdout}${ran.stderr}`);
      }),
    );
  }
  assert.deepEqual(wrong, []);
});

test('and nothing is enqueued', async () => {
  assert.equal(await redis.client.dbsize(), 0);
});

function unquoted(text: string): string {
  return text.replaceAll("'", '');
}
