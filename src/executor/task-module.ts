import Module, { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { someSource } from './imports.ts';

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
  if (provided || !someSource(file, ({ text }) => text.includes(TASK_MODULE))) return;
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
