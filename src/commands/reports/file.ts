import { closeSync, openSync, writeFileSync } from 'node:fs';
import { RqtError } from '../../errors.ts';
import { escapeUnprintable } from '../../parse/quote.ts';
import { say } from '../shared/io.ts';

/** A file that was asked for and cannot be written, as the flag that asked for it. */
export function cannotWrite(flag: string, path: string, error: unknown): RqtError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new RqtError(
    'cannotWrite',
    `${flag} ${escapeUnprintable(path)}: it cannot be written: ${PROBLEMS[code ?? ''] ?? message}`,
    {
      cause: error,
    },
  );
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOTDIR: 'there is no such directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  EDQUOT: 'the disk quota is used up',
};

/** Tells once that a report cannot be written: any more, while the jobs go on without it, or at the end, when there are no more of them. */
export class ReportTrouble {
  readonly #flag: string;
  readonly #path: string;
  happened = false;

  constructor(flag: string, path: string) {
    this.#flag = flag;
    this.#path = path;
  }

  /** Does the work, unless there was trouble before. */
  guard(work: () => void, { atEnd = false }: { readonly atEnd?: boolean } = {}): void {
    if (this.happened) return;
    try {
      work();
    } catch (error) {
      this.happened = true;
      const rest = atEnd ? '' : ', the jobs go on';
      say(`rqt: ${cannotWrite(this.#flag, this.#path, error).message}; the report is not complete${rest}`);
    }
  }
}

/** A file that is written line by line as the work goes on, so that it is of use when the work is killed. */
export class LineFile {
  readonly #trouble: ReportTrouble;
  #fd: number | null;

  /** @throws RqtError `cannotWrite` */
  constructor(flag: string, path: string) {
    this.#trouble = new ReportTrouble(flag, path);
    try {
      this.#fd = openSync(path, 'w');
    } catch (error) {
      throw cannotWrite(flag, path, error);
    }
  }

  get isBroken(): boolean {
    return this.#trouble.happened;
  }

  write(line: string): void {
    const fd = this.#fd;
    if (fd !== null) this.#trouble.guard(() => writeFileSync(fd, `${line}\n`));
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd !== null) this.#trouble.guard(() => closeSync(fd), { atEnd: true });
  }
}
