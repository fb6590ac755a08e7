import type { JobCall, TaskRequest } from '../executor/index.ts';
import { DEFAULT_LIMITS } from '../model.ts';
import { describeCall } from '../parse/describe.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseJobId, parseQueueName, parseTaskName } from '../parse/names.ts';
import { enqueue, note } from '../store/index.ts';
import type { Slot } from './slot.ts';

/** Does what a running job asks for through rqt/task. Resolves to the answer, '' for none; rejects with a reason for the task. */
export async function fulfil(slot: Slot, call: JobCall, request: TaskRequest): Promise<string> {
  switch (request.type) {
    case 'meta':
      await write(slot, call, { meta: request.json });
      return '';
    case 'progress':
      await write(slot, call, { rqt_progress: JSON.stringify([request.fraction, request.note]) });
      return '';
    case 'enqueue':
      return enqueueChild(slot, call, request);
  }
}

async function write(slot: Slot, call: JobCall, fields: { meta?: string; rqt_progress?: string }): Promise<void> {
  const job = slot.running?.job;
  const held = job?.execution === call.executionId && (await note(slot.db, job, fields));
  if (!held) throw new Error('the job is not run by this worker any more');
}

async function enqueueChild(slot: Slot, parent: JobCall, request: Extract<TaskRequest, { type: 'enqueue' }>): Promise<string> {
  const options = new ChildOptions(request.options);
  const call = { task: parseTaskName(request.task), args: request.args, kwargs: {} };
  const chosen = options.text('id');
  const id = chosen === undefined ? crypto.randomUUID() : parseJobId(chosen);
  const dependsOn = options.ids('dependsOn');
  const wait = options.duration('in', 0);
  const { unfinished } = await enqueue(slot.db, [{ id, call, description: options.text('description') ?? describeCall(call) }], {
    queue: parseQueueName(options.text('queue') ?? parent.queue),
    limits: {
      ...DEFAULT_LIMITS,
      timeoutMs: options.duration('timeout', DEFAULT_LIMITS.timeoutMs),
      resultTtlMs: options.duration('resultTtl', DEFAULT_LIMITS.resultTtlMs),
    },
    atFront: options.isTrue('atFront'),
    idsMayExist: chosen !== undefined,
    plan: { ...(dependsOn.length > 0 && { dependsOn }), ...(wait !== null && wait > 0 && { due: { inMs: wait } }) },
  });
  if (unfinished[0]) throw new Error(`job ${id} is still ${unfinished[0].state}; nothing was enqueued`);
  return id;
}

/** Options that came from a task: any of them may be of any type. */
class ChildOptions {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return value === undefined || value === null ? undefined : String(value);
  }

  isTrue(name: string): boolean {
    return this.#values[name] === true;
  }

  duration(name: string, otherwise: number | null): number | null {
    const text = this.text(name);
    return text === undefined ? otherwise : parseDuration(text, name);
  }

  ids(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(id => parseJobId(String(id))) : [];
  }
}
