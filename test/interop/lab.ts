import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, afterEach, beforeEach } from 'node:test';
import { linesOf } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { openStage, type Stage, type Status } from '../worker/stage.ts';
import { openPython, type Python, pythonFolder, pythonProgram } from './python.ts';

/** One Redis with rqt and Python's RQ on it, and what tests of both do there. */
export interface Lab extends Stage {
  readonly python: Python;
  /** Runs `rqt enqueue` and returns the id. */
  enqueue(...args: string[]): Promise<string>;
  /** Runs an rqt command that must succeed and returns its JSON document. */
  json<T>(...args: string[]): Promise<T>;
  /** What `rqt status --json` says of the state of each of these jobs. */
  states(...ids: string[]): Promise<string[]>;
  /** Runs RQ's own command line to its end; it must succeed. */
  rq(...args: string[]): Promise<string>;
  /** Starts RQ's command line with these arguments, the Redis added. */
  startProgram(...args: string[]): ChildProcess;
  /** Starts `rq worker` with the JSON serialiser and waits until it has registered. */
  startRq(name: string, ...args: string[]): Promise<ChildProcess>;
  /** Runs RQ's worker, which forks for each job, over the queues until they are empty. */
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
    children.add(child);
    child.once('close', () => children.delete(child));
    return { child, printed };
  };
  const rq = (...args: string[]) => python.run<string>('return command_line(args)', { args: [...args, '-u', url] });

  beforeEach(async () => void (await client.flushall()));
  // What a failed test leaves must not work for the next one.
  afterEach(() => {
    for (const pid of stage.processes()) process.kill(pid, 'SIGKILL');
  });
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
    states: async (...ids) => {
      const ran = await stage.rqt('status', '--json', ...ids);
      assert.equal(ran.status, 0, ran.stderr);
      return linesOf(ran.stdout).map(line => (JSON.parse(line) as Status).state);
    },
    rq,
    startProgram: (...args) => startProgram([...args, '-u', url]).child,
    startRq: async (name, ...args) => {
      const { child, printed } = startProgram(['worker', '-u', url, '-S', 'json', '-P', pythonFolder, '-n', name, ...args]);
      await until(`the Python worker ${name} listens`, () => {
        assert.equal(child.exitCode, null, printed.stderr);
        return /Listening on/.test(printed.stdout + printed.stderr);
      });
      return child;
    },
    burstRq: async (...queues) => void (await python.run('burst(queues)', { queues })),
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
