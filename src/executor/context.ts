import { formatWithOptions } from 'node:util';
import { readJson, writeJson } from '../parse/exact-json.ts';
import type { FromExecutor, JobCall, TaskRequest } from './protocol.ts';

/** Where a task finds the context of its job: on `globalThis`, under this symbol, while it runs; `rqt/task` reads it. */
export const JOB_CONTEXT = Symbol.for('rqt.job');

/** Progress is sent at most this often. */
const PROGRESS_EVERY_MS = 250;

/** Redis keeps these with the job. */
const MAX_NOTE_LENGTH = 1000;
const MAX_META_BYTES = 2 ** 20;

// Taken now: a task may replace them, and timers of rqt's own are nothing that a job left behind.
const { setTimeout, clearTimeout, performance } = globalThis;

/** What a task may know of its job, and ask of its worker. Its public side is described in rqt/task. */
export class JobContext {
  readonly id: string;
  readonly queue: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly execution: string;
  readonly #metaJson: string;
  readonly #send: (message: FromExecutor) => void;
  #controller: AbortController | null = null;
  #aborted = false;
  #meta: Record<string, unknown> | null = null;
  readonly #open = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>();
  /** Of all jobs of this process: an answer may come when its job is over and another one asks. */
  static #lastNumber = 0;
  #progress: { fraction: number; note: string } | null = null;
  #progressAt = Number.NEGATIVE_INFINITY;
  #progressTimer: NodeJS.Timeout | null = null;

  constructor(call: JobCall, send: (message: FromExecutor) => void) {
    this.id = call.jobId;
    this.queue = call.queue;
    this.attempt = call.attempt;
    this.execution = call.executionId;
    this.#metaJson = call.metaJson ?? '';
    this.#send = send;
  }

  /** Aborts when the job is stopped or ran out of time. Who has looked at it is given the grace period to react. */
  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    this.#controller = new AbortController();
    if (this.#aborted) JobContext.abort(this);
    return this.#controller.signal;
  }

  get meta(): Record<string, unknown> {
    this.#meta ??= readMeta(this.#metaJson);
    return this.#meta;
  }

  set meta(value: Record<string, unknown>) {
    this.#meta = value;
  }

  async saveMeta(): Promise<void> {
    const { meta } = this;
    if (typeof meta !== 'object' || meta === null || Array.isArray(meta))
      throw new Error('job.meta is no object of notes any more');
    const json = writeJson(meta) ?? '{}';
    if (Buffer.byteLength(json) > MAX_META_BYTES) throw new Error(`job.meta is larger than ${MAX_META_BYTES / 1024} KiB`);
    await this.#ask({ type: 'meta', json });
  }

  /** Sends the newest of many: at most one every PROGRESS_EVERY_MS, and the last one. */
  progress(fraction: number, note = ''): void {
    this.#progress = { fraction: Number(fraction), note: String(note).slice(0, MAX_NOTE_LENGTH) };
    const waitMs = this.#progressAt + PROGRESS_EVERY_MS - performance.now();
    if (waitMs <= 0) this.#sendProgress();
    else this.#progressTimer ??= setTimeout(() => this.#sendProgress(), waitMs);
  }

  log(...values: readonly unknown[]): void {
    process.stdout.write(`${new Date().toISOString()} ${formatWithOptions({ colors: false }, ...values)}\n`);
  }

  async enqueue(task: string, args: readonly unknown[] = [], options: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.#ask({ type: 'enqueue', task, args: readJson(writeJson(args) ?? '') as unknown[], options: { ...options } });
  }

  /** Whether the task ever looked at its signal. */
  static looked(context: JobContext): boolean {
    return context.#controller !== null;
  }

  /** What the task said last goes out first, as it may be killed soon. */
  static abort(context: JobContext): void {
    context.#aborted = true;
    JobContext.close(context);
    context.#controller?.abort(new Error(`job ${context.id} is to end`));
  }

  static answer(context: JobContext, number: number, value: string, error: string | null): void {
    const asked = context.#open.get(number);
    context.#open.delete(number);
    if (error === null) asked?.resolve(value);
    else asked?.reject(new Error(error));
  }

  /** The job is over: what it said last goes out. */
  static close(context: JobContext): void {
    if (context.#progress) context.#sendProgress();
  }

  #ask(request: TaskRequest): Promise<string> {
    const number = ++JobContext.#lastNumber;
    return new Promise((resolve, reject) => {
      this.#open.set(number, { resolve, reject });
      this.#send({ type: 'request', number, request });
    });
  }

  #sendProgress(): void {
    if (this.#progressTimer) clearTimeout(this.#progressTimer);
    this.#progressTimer = null;
    if (!this.#progress) return;
    this.#send({ type: 'request', number: 0, request: { type: 'progress', ...this.#progress } });
    this.#progress = null;
    this.#progressAt = performance.now();
  }
}

function readMeta(json: string): Record<string, unknown> {
  try {
    const meta: unknown = readJson(json === '' ? '{}' : json);
    return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>) : {};
  } catch {
    // Damaged.
    return {};
  }
}

const place = globalThis as { [JOB_CONTEXT]?: JobContext | undefined };

/** Makes this the context of the job that runs now; undefined: none runs. */
export function setContext(context: JobContext | undefined): void {
  place[JOB_CONTEXT] = context;
}
