import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Gives a syntax error of a module its file and line, which V8 and the TypeScript loader tell in different ways, or not at all. */
export function locateSyntaxError(error: unknown, file: string): unknown {
  if (!(error instanceof Error)) return error;
  const parsed = /^ParseError: (.*?)\s*\n\s*(\S.*:\d+:\d+)/.exec(error.message);
  if (parsed) return located(parsed[1] ?? '', parsed[2] ?? '', error);
  if (error.name !== 'SyntaxError') return error;
  return located(error.message, placeOf(error.stack ?? '') ?? checkAgain(file), error);
}

function located(message: string, place: string, cause: Error): Error {
  const error = new SyntaxError(`${message} (${place})`);
  error.stack = `SyntaxError: ${message}\n    at ${place}${(cause.stack ?? '').replace(/^(?! {4}at ).*\n?/gm, '').replace(/^(?=.)/, '\n')}`;
  return error;
}

/** The first line of what Node prints for a syntax error, `file:line`. */
function placeOf(text: string): string | null {
  const place = /^(.+:\d+)$/m.exec(text.split('\n', 1)[0] ?? '')?.[1];
  if (place === undefined) return null;
  return place.startsWith('file:') ? fileURLToPath(place) : place;
}

/** For a native module V8 keeps the place to itself, and only a Node that fails to start prints it. */
function checkAgain(file: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
  return placeOf(stderr) ?? `in a module that ${file} imports`;
}
