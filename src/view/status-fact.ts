import type { Look } from './look.ts';
import { padEnd } from './width.ts';

/** One line of a status: `value` is safe and painted; without a label it goes on with the line above. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

const LABEL_WIDTH = 12;
const INDENT = '  ';

/** A fact as its line: the label in its column, dimmed. */
export function factLine({ label, value }: Fact, { colour }: Look): string {
  return (INDENT + colour.dim(padEnd(label, LABEL_WIDTH)) + value).trimEnd();
}

/** How many columns a value has on its line. */
export function valueWidth({ width }: Look): number {
  return Math.max(8, width - INDENT.length - LABEL_WIDTH);
}
