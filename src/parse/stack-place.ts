import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A line of a file, its path relative to the folder that was asked about; `column` is null where the stack has none (TypeScript). */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
}

const FRAME = /^\s+at (?:.*\()?((?:file:\/\/)?\/.+?):(\d+)(?::(\d+))?\)?$/;

/** Where in a folder an error was thrown: the first line of the stack that is in it and not in a package. */
export function placeIn(trace: string, folder: string): Place | null {
  for (const text of trace.split('\n')) {
    const [, path = '', line, column] = FRAME.exec(text) ?? [];
    const file = path === '' ? '' : relative(folder, pathOf(path));
    if (file === '' || file === '..' || file.startsWith(`..${sep}`) || file.split(sep).includes('node_modules')) continue;
    return { file, line: Number(line), column: column === undefined ? null : Number(column) };
  }
  return null;
}

function pathOf(path: string): string {
  if (!path.startsWith('file://')) return path;
  try {
    return fileURLToPath(path);
  } catch {
    return path;
  }
}
