import { nearest } from '../parse/nearest.ts';
import { quote } from '../parse/quote.ts';

/** The line for a queue or worker that does not exist, with the nearest name that does. */
export function unknownName(what: 'queue' | 'worker', name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const look = what === 'queue' ? 'rqt info -Q' : 'rqt info -W';
  return `there is no ${what} ${quote(name)}${near === null ? '' : `; did you mean ${near}?`} (look: ${look})`;
}
