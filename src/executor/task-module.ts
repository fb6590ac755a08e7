import { existsSync, readFileSync, statSync } from 'node:fs';
import Module, { register } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What tasks import to know of their job. */
export const TASK_MODULE = 'rqt/task';

/** Beside the executor's own script. */
const moduleUrl = new URL('./task.js', import.meta.url);

/** For loaders that take aliases. */
export const taskModuleAlias: Readonly<Record<string, string>> = { [TASK_MODULE]: fileURLToPath(moduleUrl) };

/**
 * Makes `import … from 'rqt/task'` and `require('rqt/task')` work in tasks, wherever rqt is installed. Node's hook for the first costs
 * some 10 ms and a thread, so it is set only when the file, or one that it imports by a relative path, mentions the module.
 */
export function provideTaskModule(file: string): void {
  if (provided || !mentionsTaskModule(file, new Set())) return;
  provided = true;
  register(`data:text/javascript,${encodeURIComponent(HOOK)}`);
  provideToRequire();
}

let provided = false;

const HOOK = `export async function resolve(specifier, context, next) {
  return specifier === ${JSON.stringify(TASK_MODULE)} ? { url: ${JSON.stringify(moduleUrl.href)}, shortCircuit: true } : next(specifier, context);
}`;

function provideToRequire(): void {
  const loader = Module as unknown as { _resolveFilename(request: string, ...rest: unknown[]): string };
  const original = loader._resolveFilename;
  loader._resolveFilename = (request, ...rest) =>
    request === TASK_MODULE ? fileURLToPath(moduleUrl) : original.call(loader, request, ...rest);
}

const MOST_FILES = 500;

function mentionsTaskModule(file: string, seen: Set<string>): boolean {
  if (seen.has(file) || seen.size > MOST_FILES || !isFile(file)) return false;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  if (text.includes(TASK_MODULE)) return true;
  return [...text.matchAll(/['"](\.{1,2}\/[^'"\n]+)['"]/g)].some(match => {
    const path = resolve(dirname(file), match[1] ?? '');
    const candidates = extname(path) === '' ? ['.js', '.cjs', '.mjs', '/index.js'].map(ending => path + ending) : [path];
    return candidates.some(candidate => mentionsTaskModule(candidate, seen));
  });
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
