import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { projectRoot } from '../helpers/rqt.ts';

/** The real RQ that rqt is compared with. */
const REQUIREMENT = 'rq==2.10.0';
const VENV = join(projectRoot, '.build/interop-venv');
/** The snippets' server, and the tasks of Python's workers. */
export const pythonFolder = join(projectRoot, 'test/interop/python');
export const pythonProgram = join(VENV, 'bin/python');

/** Python with RQ, connected to one Redis: what it does between two snippets is nothing. */
export interface Python {
  /** Runs a snippet's lines as a function's body and resolves to what it returns; `given` are its variables. Rejects with the traceback. */
  run<T>(code: string, given?: Readonly<Record<string, unknown>>): Promise<T>;
}

/** Why there is no Python with RQ here, or null when there is. In CI that is a failure. */
const missing = makeVenv();

function makeVenv(): string | null {
  const made = spawnSync('python3', [join(pythonFolder, 'make_venv.py'), VENV, REQUIREMENT], { encoding: 'utf8' });
  if (made.status === 0) return null;
  const reason = made.error?.message ?? (made.stderr.trim().split('\n').at(-1) || `python3 ended with ${made.status}`);
  const why = `no Python with ${REQUIREMENT}: ${reason}`;
  if (process.env.CI === 'true') throw new Error(why);
  return why;
}

/** A test that needs the real RQ; reported as skipped where there is none. */
export function interop(title: string, body: () => Promise<void>): void {
  test(title, missing === null ? {} : { skip: missing }, body);
}

/** Opens Python on a Redis for one test file; started with the first snippet. */
export function openPython(url: string): Python {
  let server: { child: ChildProcess; answers: AsyncIterator<string> } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const start = () => {
    const child = spawn(pythonProgram, [join(pythonFolder, 'snippets.py'), url], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    servers.add(child);
    return { child, answers: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  };
  const ask = async (request: string): Promise<unknown> => {
    server ??= start();
    server.child.stdin?.write(`${request}\n`);
    const { value } = await server.answers.next();
    const { answer, error } = JSON.parse(value ?? '{"error": "Python has ended"}') as { answer?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return answer;
  };
  return {
    run: <T>(code: string, given: Readonly<Record<string, unknown>> = {}) => {
      const answer = last.then(() => ask(JSON.stringify({ code, given })));
      last = answer.catch(() => {});
      return answer as Promise<T>;
    },
  };
}

const servers = new Set<ChildProcess>();
after(() => {
  // RQ's worker, which may have run in it, takes SIGTERM for itself.
  for (const server of servers) server.kill('SIGKILL');
});
