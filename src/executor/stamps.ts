import { type BigIntStats, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sep } from 'node:path';

/** Looking at one file takes 2 µs before each job; of a task's own imports at most this many are looked at. */
const MOST_FILES = 32;

/**
 * Remembers what loaded files looked like, to tell when they have changed on disk. Besides the tasks' own modules these are the
 * modules that they imported in turn, as far as Node lists them: all from TypeScript and CommonJS, not those from native ESM.
 */
export class FileStamps {
  readonly #stamps = new Map<string, BigIntStats | undefined>();
  readonly #required = createRequire(import.meta.url).cache;

  has(file: string): boolean {
    return this.#stamps.has(file);
  }

  /** Remembers a file as it is now, before it is read. */
  add(file: string): void {
    if (!this.#stamps.has(file)) this.#stamps.set(file, look(file));
  }

  /** Remembers what was loaded besides, installed packages excepted. */
  addRequired(): void {
    for (const file of Object.keys(this.#required)) {
      if (this.#stamps.size >= MOST_FILES) return;
      if (!file.includes(`${sep}node_modules${sep}`)) this.add(file);
    }
  }

  /** A file that is not what it was, or null. */
  findChanged(): string | null {
    for (const [file, before] of this.#stamps) {
      const now = look(file);
      if (now?.mtimeNs !== before?.mtimeNs || now?.size !== before?.size || now?.ino !== before?.ino) return file;
    }
    return null;
  }
}

function look(file: string): BigIntStats | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false });
}
