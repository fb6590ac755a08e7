import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, beforeEach } from 'node:test';
import { until } from '../helpers/until.ts';
import { openStage, type Stage } from '../worker/stage.ts';
import { openPython, pythonFolder, pythonProgram, type Python } from './python.ts';

/** One Redis with rqt and Python's RQ on it, and what tests of both do there. */
export interface Lab extends Stage {
  readonly python: Python;
  /** Runs `rqt enqueue` and returns the id. */
  enqueue(...args: string[]): Promise<string>;
  /** Runs an rqt command that must succeed and returns its JSON document. */
  json<T>(...args: string[]): Promise<T>;
  /** Runs RQ's own command line to its end; it must succeed. */
  rq(...args: string[]): Promise<string>;
  /** Starts `rq worker` with the JSON serialiser and waits until it has registered. */
  startRq(name: string, ...args: string[]): Promise<ChildProcess>;
  /** Runs `rq worker --burst`, its scheduler included, to its end. */
  burstRq(...queues: string[]): Promise<void>;
}

/** Everything that Python sees of a job (`everything` in snippets.py). */
export type Seen = Readonly<Record<string, unknown>> & {
  readonly status: string;
  readonly results: readonly SeenResult[];
  readonly latest_result: SeenResult | null;
};

/** A Result of RQ. */
export interface SeenResult {
  readonly type: number;
  readonly return_value: unknown;
  readonly exc_string: string | null;
  readonly worker_name: string;
  readonly execution_id: string | null;
  readonly execution_started_at: string | null;
  readonly execution_ended_at: string | null;
}

/** Opens a lab for one test file; each test begins with an empty Redis. */
export async function openLab(): Promise<Lab> {
  const stage = await openStage();
  const { url, dir, client } = stage.redis;
  const python = openPython(url);
  const env = { ...process.env, PYTHONPATH: pythonFolder, PYTHONDONTWRITEBYTECODE: '1', RQT_TEST_STAGE: dir, COLUMNS: '200' };
  const startProgram = (args: readonly string[]) => {
    const child = spawn(pythonProgram, ['-m', 'rq.cli', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', text => {
      printed.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      printed.stderr += text;
    });
    const ended = new Promise<number | null>(resolve => child.once('close', resolve));
    children.add(child);
    child.once('close', () => children.delete(child));
    return { child, printed, ended };
  };
  const rq = async (...args: string[]) => {
    const { printed, ended } = startProgram([...args, '-u', url]);
    assert.equal(await ended, 0, printed.stderr);
    return printed.stdout;
  };
  const ofWorker = ['-S', 'json', '-P', pythonFolder];

  beforeEach(async () => void (await client.flushall()));
  return {
    ...stage,
    python,
    enqueue: async (...args) => {
      const ran = await stage.rqt('enqueue', ...args);
      assert.equal(ran.status, 0, ran.stderr);
      return ran.stdout.trim();
    },
    json: async <T>(...args: string[]) => {
      const ran = await stage.rqt(...args, '--json');
      assert.equal(ran.status, 0, ran.stderr);
      return JSON.parse(ran.stdout) as T;
    },
    rq,
    startRq: async (name, ...args) => {
      const { child, printed } = startProgram(['worker', '-u', url, ...ofWorker, '-n', name, ...args]);
      await until(`the Python worker ${name} listens`, () => {
        assert.equal(child.exitCode, null, printed.stderr);
        return /Listening on/.test(printed.stdout + printed.stderr);
      });
      return child;
    },
    burstRq: async (...queues) => void (await rq('worker', '--burst', ...ofWorker, ...queues)),
  };
}

const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Ends a Python worker and waits until it is gone. */
export async function endRq(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
