import { readFileSync } from 'node:fs';
import type { Options } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { parseCount } from '../../parse/count.ts';
import { parseDuration } from '../../parse/duration.ts';
import { parseJobIds } from '../../parse/ids.ts';
import { parseMeta } from '../../parse/meta.ts';
import { parseGroupName, parseTaskName } from '../../parse/names.ts';
import { quote } from '../../parse/quote.ts';
import { parseRepeat } from '../../parse/repeat.ts';
import { expandRetry, parseRetry, type RetryPlan } from '../../parse/retry.ts';
import { parseWhen } from '../../parse/when.ts';
import type { JobPlan } from '../../store/index.ts';

/** Reads when and how often a job is to run, and what happens around it. @throws RqtError, also for flags that contradict each other. */
export function readPlan(options: Options, jobId: string | undefined): { nextPlan: () => JobPlan; plansDiffer: boolean } {
  const retry = readRetry(options);
  const repeat = parseRepeat(options.text('repeat'), waitsOf(options, 'repeat-interval', options.text('repeat')));
  const plan: JobPlan = {
    ...readParents(options, jobId),
    ...readDue(options),
    ...(repeat && { repeat }),
    ...readCallbacks(options),
    ...(options.has('meta') && { meta: parseMeta(options.list('meta'), path => readFileSync(path)) }),
    ...(options.has('group') && { group: parseGroupName(options.text('group') ?? '') }),
    ...readCrashes(options),
  };
  return { nextPlan: () => (retry ? { ...plan, retry: expandRetry(retry) } : plan), plansDiffer: retry?.jitter === true };
}

/** The flags about retries; null: there are none. @throws RqtError, also for flags that contradict each other. */
export function readRetry(options: Options): RetryPlan | null {
  return parseRetry({
    max: options.text('retry-max'),
    intervals: waitsOf(options, 'retry-interval', options.text('retry-max')),
    backoff: options.text('backoff'),
    delay: options.text('retry-delay'),
    maxDelay: options.text('retry-max-delay'),
    jitter: options.flag('jitter'),
  });
}

/** Configured waits are for as many times as there are: only typed ones may be too many. */
function waitsOf(options: Options, name: string, times: string | undefined): readonly string[] {
  const waits = options.list(name);
  return options.configured(name) === null ? waits : waits.flatMap(wait => wait.split(',')).slice(0, Number(times));
}

function readParents(options: Options, jobId: string | undefined): Pick<JobPlan, 'dependsOn' | 'onParentFailure'> {
  const onFailure = options.text('on-parent-failure');
  const allow = options.flag('allow-failure');
  if (!options.has('depends-on')) {
    if (allow || onFailure !== undefined) {
      throw new RqtError(
        'usage',
        `--${allow ? 'allow-failure' : 'on-parent-failure'} is about parents: say which with --depends-on ID`,
      );
    }
    return {};
  }
  const dependsOn = parseJobIds(options.list('depends-on'), '--depends-on');
  if (jobId !== undefined && dependsOn.includes(jobId))
    throw new RqtError('usage', `--depends-on ${jobId}: a job cannot depend on itself`);
  if (onFailure !== undefined && onFailure !== 'cancel' && onFailure !== 'wait') {
    throw new RqtError('usage', `--on-parent-failure ${quote(onFailure)}: say cancel or wait`);
  }
  if (allow && onFailure !== undefined) {
    throw new RqtError('usage', '--allow-failure runs the job all the same: leave --on-parent-failure away');
  }
  return { dependsOn, onParentFailure: allow ? 'allow' : (onFailure ?? 'cancel') };
}

function readDue(options: Options): Pick<JobPlan, 'due'> {
  const inText = options.text('schedule-in');
  const atText = options.text('schedule-at');
  if (inText !== undefined && atText !== undefined)
    throw new RqtError('usage', '--schedule-in and --schedule-at exclude each other');
  if (options.has('tz') && atText === undefined && !options.has('once-per'))
    throw new RqtError('usage', '--tz is the zone of --schedule-at or of --once-per: give that too');
  if (inText !== undefined) {
    return { due: { inMs: parseDuration(inText, '--schedule-in', { allowNone: false }) ?? 0 } };
  }
  return atText === undefined ? {} : { due: { atMs: parseWhen(atText, options.text('tz'), Date.now()) } };
}

function readCallbacks(options: Options): Pick<JobPlan, 'callbacks' | 'callbackTimeoutMs'> {
  const callbacks = Object.fromEntries(
    (['success', 'failure', 'stopped'] as const).flatMap(on => {
      const task = options.text(`on-${on}`);
      return task === undefined ? [] : [[on, parseCallback(task, `--on-${on}`)]];
    }),
  );
  const timeout = options.text('callback-timeout');
  if (Object.keys(callbacks).length === 0) {
    if (timeout !== undefined)
      throw new RqtError('usage', '--callback-timeout is about --on-success, --on-failure and --on-stopped: give one');
    return {};
  }
  return {
    callbacks,
    ...(timeout !== undefined && { callbackTimeoutMs: parseDuration(timeout, '--callback-timeout', { allowZero: false }) }),
  };
}

function parseCallback(task: string, flag: string): string {
  try {
    return parseTaskName(task);
  } catch (error) {
    throw error instanceof RqtError ? new RqtError(error.code, `${flag}: ${error.message}`) : error;
  }
}

function readCrashes(options: Options): Pick<JobPlan, 'atMostOnce' | 'maxCrashes'> {
  const atMostOnce = options.flag('at-most-once');
  const max = options.text('max-crashes');
  if (atMostOnce && (max !== undefined || options.has('retry-max') || options.has('repeat'))) {
    throw new RqtError('usage', '--at-most-once never starts a job twice: leave --max-crashes, --retry-max and --repeat away');
  }
  if (atMostOnce) return { atMostOnce };
  return max === undefined ? {} : { maxCrashes: parseCount(max, '--max-crashes', { min: 0, max: 1000, example: 3 }) };
}
