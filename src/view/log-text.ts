import type { LogEvent, QuitReason } from '../log-event.ts';
import { plural } from './count.ts';
import { formatDuration } from './duration.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';

/** An event that is about one job. */
type JobEvent = Extract<LogEvent, { readonly jobId: string }>;
type WorkerEvent = Exclude<LogEvent, JobEvent>;

/** What an event says in one line, in RQ's words and colours where RQ has them (rq/worker/base.py). Safe. */
export function toldText(event: LogEvent, look: Look): string {
  return 'jobId' in event ? jobText(event, look) : workerText(event, look);
}

function jobText(event: JobEvent, { colour }: Look): string {
  const id = safeLine(event.jobId);
  const say = (what: string) => `${colour.green(safeLine(event.queue))}: ${what}`;
  switch (event.event) {
    case 'job_started':
      return say(`${colour.blue(safeLine(event.description))} (${id})${event.attempt > 1 ? ` attempt ${event.attempt}` : ''}`);
    case 'output':
      return safeLine(event.text);
    case 'job_ok':
      return say(`${colour.blue('Job OK')} (${id}) in ${formatDuration(event.durationMs)}`);
    case 'result_kept':
      return keptText(event.ttlMs);
    case 'result_absent':
      return say(`${colour.yellow('Job has no result')} (${id}): ${safeLine(event.reason)}`);
    case 'job_failed':
      return say(`${colour.red('Job failed')} (${id})${tookText(event.durationMs)}: ${colour.red(safeLine(event.reason))}`);
    case 'job_retried':
      return say(`${colour.yellow('Job will be retried')} (${id}) ${retryText(event)}: ${safeLine(event.reason)}`);
    case 'job_stopped':
      return say(`${colour.yellow('Job stopped by user')} (${id})`);
    case 'job_put_back':
      return say(`${colour.yellow('Job put back')} (${id}): ${safeLine(event.reason)}`);
    case 'job_cron':
      return say(`cron ${colour.blue(safeLine(event.entry))} (${id})`);
    case 'lease_lost':
      return say(`${colour.yellow('Lease lost')} (${id}): its execution is stopped here, another worker may run it`);
    case 'late_result_dropped':
      return say(`${colour.yellow('Late result dropped')} (${id}): this execution had lost its lease`);
  }
}

function workerText(event: WorkerEvent, { colour }: Look): string {
  const say = (what: string) => ('worker' in event ? `Worker ${safeLine(event.worker)}: ${what}` : what);
  switch (event.event) {
    case 'started':
      return say(`started with PID ${event.pid}, version ${safeLine(event.version)}`);
    case 'subscribing':
      return say(`subscribing to channel ${safeLine(event.channel)}`);
    case 'listening':
      return `*** Listening on ${colour.green(safeLine(event.queues.join(', ')))}...`;
    case 'cleaning':
      return say(`cleaning registries for queue: ${safeLine(event.queue)}`);
    case 'warm_shutdown':
      return `Worker ${safeLine(event.worker)} [PID ${event.pid}]: warm shut down requested`;
    case 'cold_shutdown':
      return say(colour.yellow('cold shut down'));
    case 'suspended':
      return say(colour.yellow(suspendedText(event.queues)));
    case 'resumed':
      return say('resumed');
    case 'redis_lost':
      return say(colour.red(`Redis connection lost, trying again: ${safeLine(event.reason)}`));
    case 'redis_again':
      return say(`Redis connection is back after ${formatDuration(event.afterMs)}`);
    case 'debug':
      return colour.dim(safeLine(event.text));
    case 'note':
      return safeLine(event.text);
    case 'warning':
      return colour.yellow(safeLine(event.text));
    case 'error':
      return colour.red(safeLine(event.text));
    case 'quitting':
      return say(`${QUIT_TEXTS[event.why]}, quitting (${countsText(event)})`);
  }
}

function suspendedText(queues: readonly string[]): string {
  const names = queues.map(safeLine);
  if (names.length === 0) return 'suspended, run `rqt resume` to resume';
  return `${names.length === 1 ? 'queue' : 'queues'} ${names.join(', ')} suspended, run \`rqt resume ${names.join(' ')}\` to resume`;
}

const QUIT_TEXTS: Readonly<Record<QuitReason, string>> = {
  done: 'done',
  stopped: 'stopped on request',
  max_jobs: 'reached its number of jobs',
  failures: 'reached its number of failures',
  idle: 'idle for too long',
  suspended: 'suspended',
  unsettled: 'jobs are still to come after its time (--for)',
  no_redis: 'cannot reach Redis',
};

function countsText({ done, failed, waiting }: Extract<LogEvent, { event: 'quitting' }>): string {
  return `${plural(done, 'job')} done, ${failed - waiting} failed${waiting > 0 ? `, ${waiting} waiting for a retry` : ''}`;
}

/** RQ tells seconds, whatever their number. */
function keptText(ttlMs: number | null): string {
  if (ttlMs === null) return 'Result is kept for ever';
  return ttlMs === 0
    ? 'Result is deleted at once'
    : `Result is kept for ${ttlMs / 1000} ${ttlMs === 1000 ? 'second' : 'seconds'}`;
}

/** Of a job that was given up because its workers died nobody knows how long it took. */
function tookText(durationMs: number): string {
  return durationMs === 0 ? '' : ` after ${formatDuration(durationMs)}`;
}

function retryText({ delayMs, retriesLeft, asked, askedMax }: Extract<LogEvent, { event: 'job_retried' }>): string {
  const when = delayMs === 0 ? 'at once' : `in ${formatDuration(delayMs)}`;
  if (asked === null) return `${when}, ${plural(retriesLeft, 'retry', 'retries')} left`;
  return `${when}, as its task asked${askedMax === null ? '' : ` (${asked} of ${plural(askedMax, 'time')})`}`;
}
