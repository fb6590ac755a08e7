import type { JobCall, TaskRequest } from '../executor/index.ts';
import { DEFAULT_LIMITS } from '../model.ts';
import { describeCall } from '../parse/describe.ts';
import { type DurationRules, parseDuration } from '../parse/duration.ts';
import { parseJobId, parseQueueName, parseTaskName } from '../parse/names.ts';
import { quote } from '../parse/quote.ts';
import { type EnqueueOptions, enqueue, note } from '../store/index.ts';
import type { ChildOptions as Options } from '../task.ts';
import { untilDone } from './patience.ts';
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
  if (fields.meta !== undefined && job?.metaOpaque)
    throw new Error(`what Python has written to job.meta cannot be read (${job.metaOpaque}), so it is not replaced`);
  const held =
    job?.execution === call.executionId &&
    (await untilDone(
      slot,
      () => note(slot.db, job, fields),
      () => {},
    ));
  if (!held) throw new Error('the job is not run by this worker any more');
}

let requests = 0;
const nextRequest = (): number => {
  requests += 1;
  return requests;
};

async function enqueueChild(slot: Slot, parent: JobCall, request: Extract<TaskRequest, { type: 'enqueue' }>): Promise<string> {
  const options = new ChildOptions(request.options);
  if (!Array.isArray(request.args))
    throw new Error(`the arguments of ${request.task} are no list: write job.enqueue(task, [1, 2])`);
  const call = { task: parseTaskName(String(request.task)), args: request.args, kwargs: {} };
  const chosen = options.text('id');
  const id = chosen === undefined ? crypto.randomUUID() : parseJobId(chosen);
  const dependsOn = options.ids('dependsOn');
  if (dependsOn.includes(id)) throw new Error(`job ${id} cannot depend on itself`);
  const wait = options.duration('in', 0, { allowNone: false });
  const job = { id, call, description: options.text('description') ?? describeCall(call) };
  const plan: EnqueueOptions = {
    queue: parseQueueName(options.text('queue') ?? parent.queue),
    limits: {
      ...DEFAULT_LIMITS,
      timeoutMs: options.duration('timeout', DEFAULT_LIMITS.timeoutMs, { allowZero: false }),
      resultTtlMs: options.duration('resultTtl', DEFAULT_LIMITS.resultTtlMs),
    },
    atFront: options.isTrue('atFront'),
    idsMayExist: chosen !== undefined,
    plan: { ...(dependsOn.length > 0 && { dependsOn }), ...(wait !== null && wait > 0 && { due: { inMs: wait } }) },
    by: { id: parent.jobId, execution: parent.executionId, queue: parent.queue, request: nextRequest() },
  };
  // What Redis refuses for now was not done.
  const { unfinished } = await untilDone(
    slot,
    () => enqueue(slot.db, [job], plan),
    () => {},
  );
  if (unfinished[0]) throw new Error(`job ${id} is still ${unfinished[0].state}; nothing was enqueued`);
  return id;
}

const CHILD_OPTIONS: readonly string[] = [
  'queue',
  'id',
  'timeout',
  'resultTtl',
  'description',
  'atFront',
  'dependsOn',
  'in',
] satisfies readonly (keyof Options)[];

/** Options that came from a task: any of them may be of any type. Those that are undefined or null are not there. */
class ChildOptions {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
    const unknown = Object.keys(values).find(name => !CHILD_OPTIONS.includes(name));
    if (unknown !== undefined) throw new Error(`there is no option ${quote(unknown)}; there are ${CHILD_OPTIONS.join(', ')}`);
  }

  text(name: keyof Options): string | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === 'string' || typeof value === 'number') return value?.toString();
    throw new Error(`${name}: give a text or a number`);
  }

  isTrue(name: keyof Options): boolean {
    const value = this.#get(name);
    if (value === undefined || typeof value === 'boolean') return value === true;
    throw new Error(`${name}: give true or false`);
  }

  duration(name: keyof Options, otherwise: number | null, rules?: DurationRules): number | null {
    const text = this.text(name);
    return text === undefined ? otherwise : parseDuration(text, name, rules);
  }

  ids(name: keyof Options): string[] {
    const value = this.#get(name) ?? [];
    if (Array.isArray(value)) return value.map(id => parseJobId(String(id)));
    throw new Error(`${name}: give a list of job ids`);
  }

  #get(name: keyof Options): unknown {
    return this.#values[name] ?? undefined;
  }
}
