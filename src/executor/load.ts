import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';
import { findModule, parseTaskName } from './find.ts';
import { someSource } from './imports.ts';
import { pickFunction, type TaskFunction } from './pick.ts';
import type { Setup } from './protocol.ts';
import { FileStamps } from './stamps.ts';
import { locateSyntaxError } from './syntax.ts';
import { provideTaskModule, taskModuleAlias } from './task-module.ts';
import { cacheFolder } from './transpiled.ts';

/** Finds, loads and keeps the functions that jobs name. */
export class TaskLoader {
  /** A module failed to load: Node keeps the failure, and what the module did until then. */
  broken: string | null = null;
  /** The TypeScript loader is being read: these open files are no job's. */
  isPreparing = false;
  readonly #roots: readonly string[];
  readonly #tasks = new Map<string, Loaded>();
  readonly #stamps = new FileStamps();
  #jiti: Promise<Jiti> | null = null;

  constructor({ taskRoots, shippedTasks }: Pick<Setup, 'taskRoots' | 'shippedTasks'>) {
    this.#roots = [...taskRoots, shippedTasks];
  }

  /** Loads the TypeScript loader (50 ms) before it is needed, if it will be. */
  prepare(): void {
    if (!this.#roots.some(hasTypeScript)) return;
    this.isPreparing = true;
    const prepared = () => {
      this.isPreparing = false;
    };
    this.#getJiti().then(prepared, prepared);
  }

  /** Whether what was loaded for this task is still what is on disk: null, or what has changed in one line. */
  findChange(task: string): string | null {
    const file = this.#tasks.get(task)?.file ?? this.#tryFind(task);
    const changed = file !== undefined && this.#stamps.has(file) ? this.#stamps.findChanged() : null;
    return changed === null ? null : `${changed} was changed on disk`;
  }

  /** The function, if it has been loaded. */
  loaded(task: string): TaskFunction | undefined {
    return this.#tasks.get(task)?.fn;
  }

  /** Finds and loads it, for a job of this queue. Throws `TaskRefusal`, or what its module threw. */
  async load(task: string, queue: string): Promise<TaskFunction> {
    const name = parseTaskName(task);
    const file = findModule(name, this.#roots, queue);
    this.#stamps.add(file);
    const fn = pickFunction(await this.#import(file), name, file);
    this.#tasks.set(task, { file, fn });
    return fn;
  }

  async #import(file: string): Promise<object> {
    try {
      const module: object = needsLoader(file) ? await this.#importTranspiled(file) : await this.#importNatively(file);
      this.#stamps.addRequired();
      return module;
    } catch (error) {
      this.broken = `${file} failed to load`;
      throw locateSyntaxError(error, file);
    }
  }

  async #importTranspiled(file: string): Promise<object> {
    const jiti = await this.#getJiti();
    if (isTypeScript(file)) return jiti.import(file);
    // Asked to import JavaScript, it would first try what Node can do, and run the module a second time when that fails half-way.
    const options = { filename: file, async: true, forceTranspile: true };
    return (await jiti.evalModule(readFileSync(file, 'utf8'), options)) as object;
  }

  #importNatively(file: string): Promise<object> {
    provideTaskModule(file);
    return import(pathToFileURL(file).href);
  }

  #getJiti(): Promise<Jiti> {
    this.#jiti ??= import('jiti').then(({ createJiti }) =>
      createJiti(import.meta.url, {
        fsCache: cacheFolder(),
        alias: { ...taskModuleAlias },
        // Its traces then have the lines of the source.
        transformOptions: { retainLines: true },
      }),
    );
    return this.#jiti;
  }

  #tryFind(task: string): string | undefined {
    try {
      return findModule(parseTaskName(task), this.#roots, '');
    } catch {
      return undefined;
    }
  }
}

interface Loaded {
  readonly file: string;
  readonly fn: TaskFunction;
}

/** A Node that cannot load TypeScript by itself fails also at JavaScript that imports it, which the loader can load as well. */
function needsLoader(file: string): boolean {
  if (isTypeScript(file)) return true;
  return !LOADS_TYPESCRIPT && someSource(file, ({ path, isImported }) => isImported && isTypeScript(path));
}

/** Node 22.18 and later strip types. */
const LOADS_TYPESCRIPT = Boolean((process.features as { readonly typescript?: unknown }).typescript);

function isTypeScript(file: string): boolean {
  return /\.[mc]?ts$/.test(file);
}

function hasTypeScript(folder: string): boolean {
  try {
    return readdirSync(folder).some(isTypeScript);
  } catch {
    return false;
  }
}
