import { Server } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * Finds timers, connections and other handles that a job left open. Node counts those that keep a process alive; of those that
 * were told not to (`unref`), the ones that can still act on their own are followed from that call on: timers, workers, servers.
 */
export class HandleWatch {
  readonly #unrefd = new Set<() => boolean>();
  #baseline: readonly string[] = [];

  constructor() {
    const timer = setTimeout(() => {}, 0);
    clearTimeout(timer);
    this.#follow(Object.getPrototypeOf(timer), timer => !timer._destroyed && !timer.hasRef());
    this.#follow(Worker.prototype, worker => worker.threadId !== -1);
    this.#follow(Server.prototype, server => server.listening);
  }

  takeBaseline(): void {
    this.#baseline = process.getActiveResourcesInfo();
  }

  /** What is open beyond the baseline, in one line, as something that may be about to close; null: nothing. */
  findOpen(): { readonly passing: string } | null {
    const extra = this.#findExtra();
    if (extra !== null) return { passing: `it left open: ${extra}` };
    for (const isActive of this.#unrefd) {
      if (isActive()) return { passing: 'it left a timer, worker or server that was unref()d' };
      this.#unrefd.delete(isActive);
    }
    return null;
  }

  #findExtra(): string | null {
    const now = process.getActiveResourcesInfo();
    if (now.length === 0) return null;
    const spare = [...this.#baseline];
    const extra = now.filter(type => {
      const at = spare.indexOf(type);
      if (at >= 0) spare.splice(at, 1);
      return at < 0;
    });
    return extra.length > 0 ? [...new Set(extra)].join(', ') : null;
  }

  #follow<T extends { unref(): unknown }>(prototype: T, isActive: (handle: T) => boolean): void {
    const { unref } = prototype;
    const unrefd = this.#unrefd;
    prototype.unref = function (this: T) {
      if (!calledByNode()) unrefd.add(() => isActive(this));
      return unref.call(this);
    };
  }
}

/** Node's own timers (fetch, AbortSignal.timeout) act on nothing but what they serve; they would make every fetch a leak. */
function calledByNode(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 3;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return typeof stack === 'string' && /\bnode:/.test(stack.split('\n')[3] ?? '');
}
