import type { Attempt, JobDetails, Life } from '../model.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';

/** The name of a job's state, that of a foreign one included. Not yet safe. */
export function stateName(life: Life): string {
  return life.state === 'other' ? life.name : life.state;
}

/** A state with its symbol, coloured: `✓ finished`, `✗ failed`. */
export function stateText({ life }: Pick<JobDetails, 'life'>, look: Look): string {
  const { text, paint } = stateMark(life.state, stateName(life), look);
  return paint(text);
}

/** The same for a cell of a table, which is cut first and painted then. `name` is shown, `state` marks it. */
export function stateMark(
  state: Life['state'],
  name: string,
  look: Look,
): { readonly text: string; readonly paint: (text: string) => string } {
  const { symbol, ascii, colour } = MARKS[state];
  return { text: `${look.unicode ? symbol : ascii} ${safeLine(name)}`, paint: look.colour[colour] };
}

/** How an attempt ended, one that was cut short included. */
export type AttemptOutcome = Attempt['outcome'] | 'interrupted';

/** An attempt's outcome with its symbol, coloured and filled up to `width`: `✓ finished`, `✗ out of retries`. */
export function outcomeText(outcome: AttemptOutcome, width: number, look: Look): string {
  const { symbol, ascii, colour } = markOf(outcome);
  return look.colour[colour](`${look.unicode ? symbol : ascii} ${outcome.padEnd(width)}`);
}

function markOf(outcome: AttemptOutcome): Mark {
  if (outcome === 'interrupted') return INTERRUPTED;
  return MARKS[outcome === 'finished' || outcome === 'stopped' ? outcome : 'failed'];
}

interface Mark {
  readonly symbol: string;
  readonly ascii: string;
  readonly colour: 'green' | 'red' | 'yellow' | 'cyan' | 'blue' | 'dim';
}

const MARKS: Readonly<Record<Life['state'], Mark>> = {
  queued: { symbol: '○', ascii: 'o', colour: 'blue' },
  scheduled: { symbol: '◷', ascii: '@', colour: 'blue' },
  deferred: { symbol: '◌', ascii: '~', colour: 'blue' },
  started: { symbol: '▶', ascii: '>', colour: 'cyan' },
  finished: { symbol: '✓', ascii: '+', colour: 'green' },
  failed: { symbol: '✗', ascii: 'x', colour: 'red' },
  stopped: { symbol: '■', ascii: '#', colour: 'yellow' },
  canceled: { symbol: '⊘', ascii: '-', colour: 'dim' },
  other: { symbol: '?', ascii: '?', colour: 'dim' },
};

const INTERRUPTED: Mark = { symbol: '↯', ascii: '!', colour: 'yellow' };
