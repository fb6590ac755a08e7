import { ChildProcess } from 'node:child_process';
import { openSync, readSync } from 'node:fs';
import { parseStat } from './processes.ts';

/**
 * Notices that this process had children since it was last asked: ended ones by their page faults, which the kernel adds up when
 * they are waited for, living ones by the kernel's list. Where there is no /proc, calls of `spawn` are counted.
 */
export class ChildWatch {
  // One thread's own file spares the kernel the sum over all threads; these two numbers are the process's all the same.
  readonly #stat = tryOpen(`/proc/self/task/${process.pid}/stat`);
  readonly #list = tryOpen(`/proc/self/task/${process.pid}/children`);
  readonly #buffer = Buffer.allocUnsafe(1024);
  #faults = 0;
  #spawned = 0;
  #spawnedSeen = 0;
  #rssBytes = 0;

  constructor() {
    if (this.#stat === null || this.#list === null) this.#countSpawns();
    this.look();
  }

  /** The processes of the machine can be looked through for what is left. */
  get canSearch(): boolean {
    return this.#stat !== null;
  }

  /** Size of this process when it was last looked at. */
  get rssBytes(): number {
    return this.#rssBytes;
  }

  look(): boolean {
    const spawned = this.#spawned !== this.#spawnedSeen;
    this.#spawnedSeen = this.#spawned;
    if (this.#stat === null) {
      this.#rssBytes = process.memoryUsage.rss();
      return spawned;
    }
    const { childFaults, rssPages } = parseStat(
      this.#buffer.toString('latin1', 0, readSync(this.#stat, this.#buffer, 0, 1024, 0)),
    );
    this.#rssBytes = rssPages * PAGE_BYTES;
    const ended = childFaults !== this.#faults;
    this.#faults = childFaults;
    return spawned || ended || (this.#list !== null && readSync(this.#list, this.#buffer, 0, 1024, 0) > 0);
  }

  #countSpawns(): void {
    const prototype = ChildProcess.prototype as unknown as { spawn: (options: object) => number };
    const { spawn } = prototype;
    const count = () => {
      this.#spawned++;
    };
    prototype.spawn = function (options) {
      count();
      return spawn.call(this, options);
    };
  }
}

// 4 KiB on x86 and most ARM; where pages are larger, the limit is reached later.
const PAGE_BYTES = 4096;

function tryOpen(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}
