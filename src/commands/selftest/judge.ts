/** What a task told from outside Redis: a line of the file of effects. */
export interface Effect {
  readonly what: 'begun' | 'done';
  readonly id: string;
  /** The executor's. */
  readonly pid: number;
}

/** What became of a job, as Redis has it. `state`: `gone` when there is none. */
export interface JobSeen {
  readonly state: string;
  /** How each attempt that has left a result ended. */
  readonly outcomes: readonly string[];
  /** Of the last attempt; empty when it left none. */
  readonly error: string;
}

/** What a promise says of a job. */
export interface Expected {
  readonly state: string;
  /** How often its task was started, and has come to its end. */
  readonly begun: number;
  readonly done: number;
  readonly outcomes?: readonly string[];
  /** What the last attempt's error says. */
  readonly error?: RegExp;
  /** A job whose task must have come to its end before this one was started. */
  readonly after?: string;
}

/** All that was seen of the jobs of a promise. */
export interface Seen {
  readonly jobs: ReadonlyMap<string, JobSeen>;
  readonly effects: readonly Effect[];
}

/** Compares what was promised with what was seen; what is wrong, a sentence for each. */
export function judge(expected: ReadonlyMap<string, Expected>, seen: Seen): string[] {
  return [...expected].flatMap(([id, wanted]) => judgeJob(id, wanted, seen));
}

function judgeJob(id: string, wanted: Expected, { jobs, effects }: Seen): string[] {
  const { state, outcomes, error } = jobs.get(id) ?? { state: 'gone', outcomes: [], error: '' };
  const [begun, done] = (['begun', 'done'] as const).map(what => placesOf(effects, what, id));
  const wrong: string[] = [];
  if (state !== wanted.state) wrong.push(`${id} is ${state}, not ${wanted.state}`);
  if (begun?.length !== wanted.begun) wrong.push(`${id} was started ${times(begun?.length)}, not ${times(wanted.begun)}`);
  if (done?.length !== wanted.done) wrong.push(`${id} was done ${times(done?.length)}, not ${times(wanted.done)}`);
  if (wanted.outcomes && outcomes.join() !== wanted.outcomes.join())
    wrong.push(`the attempts at ${id} have ended as ${outcomes.join(', ') || 'nothing'}, not ${wanted.outcomes.join(', ')}`);
  if (wanted.error && !wanted.error.test(error)) wrong.push(`${id} does not say why: ${error.split('\n')[0] || 'no error'}`);
  if (wanted.after !== undefined && !isBefore(placesOf(effects, 'done', wanted.after), begun))
    wrong.push(`${id} was started before ${wanted.after} was done`);
  return wrong;
}

function placesOf(effects: readonly Effect[], what: Effect['what'], id: string): number[] {
  return effects.flatMap((effect, place) => (effect.what === what && effect.id === id ? [place] : []));
}

function isBefore(earlier: readonly number[], later: readonly number[] = []): boolean {
  const [first, second] = [earlier[0] ?? Number.POSITIVE_INFINITY, later[0] ?? Number.POSITIVE_INFINITY];
  return first < second || second === Number.POSITIVE_INFINITY;
}

function times(count = 0): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Keys that only somebody who runs a job may have: executions, leases, workers. After everything has settled there are none. */
export function findLeftovers(keys: readonly string[], prefix: string): string[] {
  const left = keys
    .map(key => key.slice(prefix.length + 1))
    .filter(key => /^(wip:|executions?:|workers($|:)|rqt:releasing$)|^queue:.+:intermediate$/.test(key));
  return left.map(key => `${key} is left over`);
}
