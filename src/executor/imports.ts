import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';

/** A module's file. `isImported`: by an `import` or a `require`, as far as its text tells; else it is just named in one. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly isImported: boolean;
}

const MOST_FILES = 500;

/** Whether a file, or one that is named by a relative path in it, or in that one, is as asked for. Reads sources only, and loads nothing. */
export function someSource(file: string, isIt: (source: SourceFile) => boolean): boolean {
  return some({ path: file, isImported: true }, isIt, new Set());
}

function some({ path, isImported }: Omit<SourceFile, 'text'>, isIt: (source: SourceFile) => boolean, seen: Set<string>): boolean {
  if (seen.has(path) || seen.size > MOST_FILES || !isFile(path)) return false;
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  if (isIt({ path, text, isImported })) return true;
  return [...text.matchAll(RELATIVE)].some(([, keyword, name = '']) => {
    const named = resolve(dirname(path), name);
    const candidates = extname(named) === '' ? ENDINGS.map(ending => named + ending) : [named];
    return candidates.some(candidate => some({ path: candidate, isImported: keyword !== undefined }, isIt, seen));
  });
}

const RELATIVE = /(?:\b(from|import|require)\s*\(?\s*)?['"](\.{1,2}\/[^'"\n]+)['"]/g;
const ENDINGS = ['.js', '.cjs', '.mjs', '/index.js'];

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
