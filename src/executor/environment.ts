import { syncBuiltinESMExports } from 'node:module';
import type { JobCall } from './protocol.ts';

/** A job of this length affords the comparison of the whole environment, which takes some 30 µs. */
const AFFORDABLE_MS = 2;

/**
 * Sets the environment of each job and finds what a job changed in it. Writes from JavaScript are noticed by a proxy, so that
 * the short jobs that write nothing need no comparison; what comes past it (`process.loadEnvFile`, native code) is
 * found after jobs that are long enough not to feel one.
 */
export class Environment {
  readonly #real = process.env;
  readonly #watched: NodeJS.ProcessEnv;
  #baseline = new Map<string, string | undefined>();
  #written = false;
  #beganAt = 0;

  constructor() {
    this.#watched = new Proxy(this.#real, {
      set: (target, name, value) => {
        this.#written = true;
        // Without the receiver, which is the proxy: an environment takes values by its own rules.
        return Reflect.set(target, name, value);
      },
      deleteProperty: (target, name) => {
        this.#written = true;
        return Reflect.deleteProperty(target, name);
      },
      defineProperty: (target, name, descriptor) => {
        this.#written = true;
        return Reflect.defineProperty(target, name, descriptor);
      },
    });
    process.env = this.#watched;
    syncBuiltinESMExports();
  }

  takeBaseline(): void {
    this.#baseline = this.#read();
  }

  enter({ jobId, attempt, executionId, queue }: JobCall): void {
    this.#set('RQT_JOB_ID', jobId);
    this.#set('RQT_ATTEMPT', String(attempt));
    this.#set('RQT_EXECUTION', executionId);
    this.#set('RQT_QUEUE', queue);
    this.#beganAt = performance.now();
  }

  findChange(): string | null {
    if (process.env !== this.#watched) return 'process.env was replaced';
    if (!this.#written && performance.now() - this.#beganAt < AFFORDABLE_MS) return null;
    this.#written = false;
    const now = this.#read();
    for (const name of new Set([...now.keys(), ...this.#baseline.keys()])) {
      if (now.get(name) !== this.#baseline.get(name)) return `the environment variable ${name} was changed`;
    }
    return null;
  }

  /** To read a variable takes a fraction of what it takes to set it. */
  #set(name: string, value: string): void {
    if (this.#real[name] !== value) this.#real[name] = value;
  }

  #read(): Map<string, string | undefined> {
    const all = new Map(Object.entries(this.#real));
    for (const name of OF_THE_JOB) all.delete(name);
    return all;
  }
}

const OF_THE_JOB = ['RQT_JOB_ID', 'RQT_ATTEMPT', 'RQT_EXECUTION', 'RQT_QUEUE'];
