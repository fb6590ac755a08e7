import { EXIT_STATUS } from '../../errors.ts';
import { splitError } from '../../parse/error-text.ts';
import { type Db, followOutput, type JobResult, result, untilRead } from '../../store/index.ts';
import { resultText } from '../../view/result.ts';
import { safeLine, safeLines } from '../../view/safe.ts';
import { say } from './io.ts';
import { type LogSink, openSink } from './log-sinks.ts';

/** How a job ended that was followed to its end: it finished or not, or it is gone. */
export type JobEnd = Exclude<JobResult, { kind: 'unfinished' }>;

/** How to follow a job. */
export interface FollowOptions {
  /** JSON lines on stdout instead of the bytes. */
  readonly json: boolean;
  /** All that it writes is handed on, see `JobPlan.isAwaited`; else only what is kept of it is seen. */
  readonly isLive: boolean;
}

/**
 * Passes on what a job writes, stdout to stdout and stderr to stderr, until it has ended for good: a job that is tried again or repeated has not.
 * The connection should be a lasting one.
 */
export async function followJob(db: Db, id: string, { json, isLive }: FollowOptions): Promise<JobEnd> {
  const sink = await openSink(id, json);
  for (;;) {
    await passOn(db, id, isLive, sink);
    const end = await untilRead(() => result(db, id));
    // Somebody had it run again at once.
    if (end.kind === 'unfinished') continue;
    await sink.end();
    return end;
  }
}

async function passOn(db: Db, id: string, isLive: boolean, sink: LogSink): Promise<void> {
  let execution: string | null = null;
  for await (const piece of followOutput(db, id, { isLive })) {
    const isAgain = execution !== null && piece.execution !== execution;
    if (isAgain && process.stderr.isTTY) say(`rqt: job ${id} was started again`);
    execution = piece.execution;
    await sink.write(piece);
  }
}

/** The exit status that says how a job ended: 0 finished, that of the command which failed it, 66 gone, else 1. */
export function exitStatusOfJob(end: JobEnd): number {
  switch (end.kind) {
    case 'finished':
    case 'absent':
      return 0;
    case 'ended':
      return end.exitStatus ?? EXIT_STATUS.no;
    case 'missing':
      return EXIT_STATUS.missing;
  }
}

const MOST_TRACE_LINES = 40;

/** What there is to say of a job's end: nothing of one that finished; else why not, with the task's own stack, if it was no command that failed. */
export function linesOfEnd(id: string, end: JobEnd): string[] {
  switch (end.kind) {
    case 'finished':
      return [];
    case 'absent':
      return [`rqt: the result of job ${id} was not kept: ${safeLine(end.reason)}`];
    case 'missing':
      return [`rqt: job ${id} is gone: it was deleted, or Redis lost it; how it ended is not known`];
    case 'ended': {
      const { reason, trace } = splitError(end.error ?? '');
      const head = `rqt: job ${id} ${end.state === 'failed' ? 'failed' : `was ${end.state}`}`;
      const stack = end.exitStatus === null && trace !== '' ? safeLines(trace, false).slice(0, MOST_TRACE_LINES) : [];
      return [`${head}${reason === '' ? '' : `: ${safeLine(reason)}`} (all of it: rqt status ${id})`, ...stack];
    }
  }
}

/** The same for programs: one JSON line. The value goes in as the text that it was kept as. */
export function documentOfEnd(id: string, end: JobEnd): string {
  const state = end.kind === 'ended' ? end.state : end.kind === 'missing' ? 'gone' : 'finished';
  const document = {
    ...{ version: 1, kind: 'job_end', id, state, exit_status: exitStatusOfJob(end) },
    error: end.kind === 'ended' ? end.error : null,
    result_absent: end.kind === 'absent' ? end.reason : null,
  };
  const value = end.kind === 'finished' ? resultText(end.json, { raw: false, forTerminal: false }) : 'null';
  return `${JSON.stringify(document).slice(0, -1)},"result":${value}}`;
}
