import { once } from 'node:events';
import type { Options } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { quote } from '../../parse/quote.ts';
import { formatLog, type LogEvent, type LogFormat, type LogLevel, levelOf } from '../../view/log.ts';
import { type Look, lookOf } from '../../view/look.ts';
import type { Told, WorkerOptions } from '../../worker/index.ts';
import { JobLines } from '../shared/job-lines.ts';

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Where a worker's log goes (stderr) and what its jobs write (stdout to stdout, stderr to stderr), as the flags want it. */
export function openWorkerLog(options: Options): Pick<WorkerOptions, 'log' | 'onOutput'> {
  const format = readFormat(options.text('log-format') ?? 'text');
  const least = readLeast(options);
  const looks = {
    stdout: lookOf(process.stdout, process.env, Date.now()),
    stderr: lookOf(process.stderr, process.env, Date.now()),
  };
  const write = (told: Told, stream: 'stdout' | 'stderr'): boolean => writeEvent(told, stream, format, looks[stream]);
  /** Of the jobs that have written something: several run at once with --concurrency. */
  const linesOf = new Map<string, JobLines>();
  const showsOutput = shows('info', least);
  /** What jobs wait for now: one wait for all of them. */
  const drains: { [stream in 'stdout' | 'stderr']?: Promise<void> } = {};

  return {
    log(told) {
      const lines = 'jobId' in told ? linesOf.get(told.jobId) : undefined;
      if (lines && 'jobId' in told) {
        linesOf.delete(told.jobId);
        const { queue, jobId } = told;
        for (const { stream, text } of lines.rest()) write({ event: 'output', queue, jobId, stream, text }, stream);
      }
      if (shows(levelOf(told as LogEvent), least)) write(told, 'stderr');
    },
    onOutput({ queue, jobId }, stream, chunk) {
      if (!showsOutput) return undefined;
      const lines = linesOf.get(jobId) ?? new JobLines();
      linesOf.set(jobId, lines);
      const text = lines.add(stream, chunk);
      if (text === '' || write({ event: 'output', queue, jobId, stream, text }, stream)) return undefined;
      // The terminal or pipe is slower than the jobs: they wait. When nobody reads any more, they go on.
      drains[stream] ??= drainOf(process[stream]).finally(() => {
        delete drains[stream];
      });
      return drains[stream];
    },
  };
}

async function drainOf(stream: NodeJS.WriteStream): Promise<void> {
  await once(stream, 'drain').catch(() => {});
}

function writeEvent(told: Told, stream: 'stdout' | 'stderr', format: LogFormat, look: Look): boolean {
  return process[stream].write(`${formatLog(format, { ...told, at: Date.now() } as LogEvent, look)}\n`);
}

function shows(level: LogLevel, least: LogLevel): boolean {
  return ORDER.indexOf(level) >= ORDER.indexOf(least);
}

function readFormat(text: string): LogFormat {
  if (text === 'text' || text === 'json') return text;
  throw new RqtError('usage', `--log-format ${quote(text)}: say text or json`);
}

function readLeast(options: Options): LogLevel {
  const verbose = options.flag('verbose');
  if (verbose && options.flag('quiet')) throw new RqtError('usage', '--verbose and --quiet exclude each other');
  if (verbose) return 'debug';
  return options.flag('quiet') ? 'warn' : 'info';
}
