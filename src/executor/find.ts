import { realpathSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { TaskRefusal } from './refusal.ts';

/** A task's name in its parts. */
export interface TaskName {
  /** Relative to a task root, with or without an extension. */
  readonly module: string;
  readonly fn: string;
  /** Written as `pkg.mod.fn`, as Python does. */
  readonly dotted: boolean;
}

/** What a task may be written in, in the order in which they are tried. */
export const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'] as const;

/** Splits `module#fn`, or Python's `pkg.mod.fn`. Throws {@link TaskRefusal} for names that may not be looked up. */
export function parseTaskName(task: string): TaskName {
  const name = split(task);
  const wrong = findWrong(name.module);
  if (wrong) throw new TaskRefusal(`task ${quote(task)} is refused: ${wrong}`);
  if (name.module === '' || name.fn === '') throw new TaskRefusal(`${quote(task)} names no task: write module#function`);
  return name;
}

/** The real path of a task's module: the first there is in the roots, in their order; `queue` is where the job came from. Throws {@link TaskRefusal}. */
export function findModule({ module, fn, dotted }: TaskName, roots: readonly string[], queue: string): string {
  for (const [root, path] of candidates(module, roots)) {
    for (const ending of endingsOf(path)) {
      const file = join(root, path + ending);
      if (isFile(file)) return insideOf(root, file, module);
    }
  }
  const places = `no module ${quote(module)} in ${roots.join(', ')} (as ${EXTENSIONS.join(' ')} or a folder with an index)`;
  if (!dotted) throw new TaskRefusal(places);
  const python = `${quote(`${module.replaceAll('/', '.')}.${fn}`)} looks like a Python task: keep queue ${quote(queue)} for Python's workers, and give rqt's a queue of their own`;
  throw new TaskRefusal(`${python}. Here there is ${places}`);
}

/**
 * Each root with the module's path in it. Last, `tasks/mail` is `mail` in a root that is a folder `tasks` itself, as that of rqt's own tasks
 * is: a job's name must not depend on the folder in which its worker was started.
 */
function candidates(module: string, roots: readonly string[]): [root: string, path: string][] {
  const found = roots.map((root): [string, string] => [root, module]);
  const path = module.startsWith('tasks/') ? module.slice('tasks/'.length) : '';
  if (path === '' || path.startsWith('/')) return found;
  return [...found, ...roots.filter(root => basename(root) === 'tasks').map((root): [string, string] => [root, path])];
}

function split(task: string): TaskName {
  const mark = task.lastIndexOf('#');
  if (mark >= 0) return { module: task.slice(0, mark), fn: task.slice(mark + 1), dotted: false };
  const dot = task.lastIndexOf('.');
  const folders = task.slice(0, Math.max(dot, 0));
  // With a slash it is a path already; a dot in it is part of a file's name.
  const module = folders.includes('/') || folders.startsWith('.') ? folders : folders.replaceAll('.', '/');
  return { module, fn: task.slice(dot + 1), dotted: dot > 0 };
}

function findWrong(module: string): string | null {
  if (module.startsWith('node:')) return "Node's own modules are no tasks";
  if (isAbsolute(module)) return 'its module is an absolute path; only those in the task roots can be run';
  if (module.includes('\\') || module.includes('\0')) return 'its module has a character that paths of tasks cannot have';
  const segments = module.split('/');
  if (segments.includes('..')) return 'its module leads out of the task roots (..)';
  return segments.includes('node_modules') ? 'installed packages are no tasks' : null;
}

function endingsOf(module: string): readonly string[] {
  return EXTENSIONS.some(extension => module.endsWith(extension)) ? ['', ...ENDINGS] : ENDINGS;
}

const ENDINGS = [...EXTENSIONS, ...EXTENSIONS.map(extension => `/index${extension}`)];

/** Not where a file stands in for a folder, or a name is longer than names can be. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (error) {
    if (CANNOT_BE.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

const CANNOT_BE = ['ENOTDIR', 'ENAMETOOLONG'];

/** Being able to write to Redis must not mean being able to run any file: a link may not lead out either. */
function insideOf(root: string, file: string, module: string): string {
  const real = realpathSync(file);
  const inside = relative(realpathSync(root), real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new TaskRefusal(`module ${quote(module)} is refused: ${file} is a link out of its task root, to ${real}`);
  }
  return real;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
