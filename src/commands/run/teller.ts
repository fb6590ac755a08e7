import { once } from 'node:events';
import type { Options } from '../../command.ts';
import type { EndedExecution } from '../../ended-execution.ts';
import { RqtError } from '../../errors.ts';
import type { StreamName } from '../../model.ts';
import { splitError } from '../../parse/error-text.ts';
import { durationMs } from '../../run-stats.ts';
import type { JobResult } from '../../store/index.ts';
import { formatDuration } from '../../view/duration.ts';
import { formatLog, type LogEvent } from '../../view/log.ts';
import { toldText } from '../../view/log-text.ts';
import { lookOf } from '../../view/look.ts';
import { resultText } from '../../view/result.ts';
import { safeLine, safeLines } from '../../view/safe.ts';
import { isoTime, toSeconds } from '../../view/time.ts';
import type { Told } from '../../worker/index.ts';
import { print, say } from '../shared/io.ts';

/** Of the worker's log, what somebody needs to know who only wants one task run. */
const TOLD: readonly string[] = ['warning', 'error', 'redis_lost', 'redis_again', 'late_result_dropped', 'lease_lost'];
const LONGEST_RESULT = 200;
/** A job that has ended so is not run again. */
const ENDS: readonly string[] = ['finished', 'failed', 'stopped'];

/** Tells of a run: the job's own output as it is, and at the end what became of it. */
export class RunTeller {
  readonly #options: Options;
  readonly #task: string;
  readonly #look = lookOf(process.stderr, process.env, Date.now());
  readonly #beganAt = Date.now();
  /** stdout is for the result alone. */
  readonly #isForProgram: boolean;
  #attempts = 0;
  #tookMs = 0;
  #endsLine = true;
  #fate: string | null = null;

  constructor(options: Options, task: string) {
    if (options.flag('result') && options.flag('json')) {
      throw new RqtError('usage', '--result and --json both say what stdout is: give one of them');
    }
    this.#options = options;
    this.#task = task;
    this.#isForProgram = options.flag('result') || options.flag('json');
  }

  log(told: Told): void {
    if (this.#options.flag('verbose')) this.#say(formatLog('text', { ...told, at: Date.now() } as LogEvent, this.#look));
    else if (TOLD.includes(told.event)) this.#say(`rqt: ${toldText({ ...told, at: Date.now() } as LogEvent, this.#look)}`);
  }

  /** A slow reader slows the job down; one that has gone does not. */
  output(stream: StreamName, chunk: Buffer): void | Promise<void> {
    const to = this.#isForProgram ? process.stderr : process[stream];
    if (to.isTTY) this.#endsLine = chunk.at(-1) === LINE_FEED;
    if (!to.writable || to.write(chunk)) return undefined;
    return once(to, 'drain').then(
      () => {},
      () => {},
    );
  }

  /** An execution of the job itself, or of one that it enqueued. */
  ended(ended: EndedExecution, id: string): void {
    const isOwn = ended.id === id;
    if (isOwn) {
      this.#attempts = ended.attempt;
      this.#tookMs = durationMs(ended);
      this.#fate = ENDS.includes(ended.fate) ? ended.fate : null;
    }
    if (this.#options.flag('verbose')) return;
    const what = isOwn ? `attempt ${ended.attempt}` : `job ${ended.id} (${ended.description})`;
    if (ended.fate === 'retried') {
      const when = ended.retryInMs ? `in ${formatDuration(ended.retryInMs)}` : 'at once';
      this.#say(`rqt: ${safeLine(what)} failed: ${safeLine(ended.reason ?? '')}; trying again ${when}`);
    } else if (!isOwn && ended.fate !== 'finished') {
      this.#say(`rqt: ${safeLine(what)} ${ended.fate}: ${safeLine(ended.reason ?? '')}`);
    }
  }

  /** How the job itself has ended for good, or null. */
  get fate(): string | null {
    return this.#fate;
  }

  end(id: string, left: JobResult, { status, why }: { readonly status: number; readonly why: string }): void {
    const error = left.kind === 'ended' ? splitError(left.error ?? '') : null;
    if (this.#options.flag('result') && left.kind === 'finished') {
      print(resultText(left.json, { raw: false, forTerminal: process.stdout.isTTY === true }));
    }
    if (this.#options.flag('json')) print(this.#document(id, left, status));
    for (const line of this.#lines(left, why, error)) this.#say(line);
  }

  #lines(left: JobResult, why: string, error: { reason: string; trace: string } | null): string[] {
    const took = formatDuration(this.#tookMs);
    const attempts = this.#attempts > 1 ? ` (attempt ${this.#attempts})` : '';
    switch (left.kind) {
      case 'finished':
        return this.#options.flag('quiet') ? [] : [`rqt: finished in ${took}${attempts}${this.#resultNote(left.json)}`];
      case 'absent':
        return [`rqt: finished in ${took}${attempts}; its result was not kept: ${safeLine(left.reason)}`];
      case 'ended': {
        // What a command wrote says more than where it was started.
        const stack = left.exitStatus === null && error ? safeLines(error.trace, this.#look.colour.level > 0) : [];
        return [`rqt: ${left.state} after ${took}${attempts}: ${safeLine(error?.reason ?? '')}`, ...stack];
      }
      case 'unfinished':
        if (why === 'suspended') return ['rqt: all workers are suspended, nothing was run (end that: rqt resume)'];
        return ENDS.includes(left.state)
          ? [`rqt: ${left.state} after ${took}${attempts}; Redis is away: what it left is not known`]
          : ['rqt: stopped before it had finished'];
      case 'missing':
        return ['rqt: the job was deleted while it ran'];
    }
  }

  #resultNote(json: string | null): string {
    if (json === null || json === 'null' || this.#isForProgram) return '';
    const text = safeLine(json);
    return `: ${text.length > LONGEST_RESULT ? `${text.slice(0, LONGEST_RESULT)} […] (all of it: --result)` : text}`;
  }

  #document(id: string, left: JobResult, status: number): string {
    const document = {
      ...{ version: 1, kind: 'run', id, task: this.#task, exit_status: status },
      state: left.kind === 'absent' || left.kind === 'finished' ? 'finished' : 'state' in left ? left.state : 'gone',
      started_at: isoTime(this.#beganAt),
      duration_seconds: toSeconds(this.#tookMs),
      attempt_count: this.#attempts,
      error: left.kind === 'ended' ? left.error : null,
      result_absent: left.kind === 'absent' ? left.reason : null,
    };
    const value = left.kind === 'finished' ? resultText(left.json, { raw: false, forTerminal: false }) : 'null';
    return `${JSON.stringify(document).slice(0, -1)},"result":${value}}`;
  }

  /** On a terminal, below what the job printed last. */
  #say(text: string): void {
    if (!this.#endsLine && process.stderr.isTTY) process.stderr.write('\n');
    this.#endsLine = true;
    say(text);
  }
}

const LINE_FEED = 0x0a;
