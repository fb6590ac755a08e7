import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { deflateSync } from 'node:zlib';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { projectRoot, type Ran, type Running, rqt, startRqt } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';

/** A Redis and everything that tests of a worker do on it. Jobs are written as a Python program would write them: nothing of rqt's store is used. */
export interface Stage {
  readonly redis: TestRedis;
  /** What every command of the stage is called with; a test may add to it. */
  readonly env: Record<string, string>;
  /** Puts a job on a queue; returns its id. */
  put(task: string, job?: NewJob): Promise<string>;
  /** Runs `rqt worker --burst` over the queues and with the flags to its end. */
  burst(...args: string[]): Promise<Ran>;
  /** Starts `rqt worker` and waits until it has registered and looked after its queues. */
  start(...args: string[]): Promise<Running>;
  /** Runs any other rqt command. */
  rqt(...args: string[]): Promise<Ran>;
  /** A job's hash. */
  job(id: string): Promise<Record<string, string>>;
  /** `rqt status --json`. */
  status(id: string): Promise<Status>;
  /** Every list and sorted set that holds a job: `queue:default`, `wip:default`, `finished:default`, … */
  places(id: string): Promise<string[]>;
  /** Waits until a job is in this state. */
  untilState(id: string, state: string): Promise<void>;
  /** A new path of a file that does not exist yet. */
  path(name: string): string;
  /** For `slow#gate`: a job that runs until the gate is opened. */
  gate(): Gate;
  /** Processes that this stage's workers have started and that still run. */
  processes(): number[];
}

/** A file that does not exist until it is opened. */
export interface Gate {
  readonly file: string;
  open(): void;
}

/** What a test may say of a new job, in RQ's own field names; `data` replaces the payload. */
export interface NewJob {
  readonly id?: string;
  readonly queue?: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly fields?: Readonly<Record<string, string | number>>;
  readonly data?: Buffer;
  readonly atFront?: boolean;
  /** Where it goes; `nowhere`: only the hash is written. */
  readonly place?: 'queue' | 'nowhere';
}

/** The part of `rqt status --json` that tests look at. */
export interface Status {
  readonly state: string;
  readonly result: unknown;
  readonly result_absent: string | null;
  readonly error: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdout_cut_bytes: number;
  readonly attempt_count: number;
  readonly crashes: number;
  readonly cancel_reason: string | null;
  readonly worker: string | null;
}

/** The folder with the built tasks of test/worker/fixtures. */
export const taskFolder = join(projectRoot, '.build/test/worker/fixtures/tasks');

/** Opens a stage for one test file. When the file ends, none of its processes may be left. */
export async function openStage(...redisOptions: string[]): Promise<Stage> {
  const redis = await startRedis(...redisOptions);
  const env: Record<string, string> = { RQT_REDIS_URL: redis.url, RQT_TEST_STAGE: redis.dir };
  const { client } = redis;
  let serial = 0;

  const processes = () => processesWith(`RQT_TEST_STAGE=${redis.dir}\0`);
  after(async () => {
    try {
      await until('all processes of this test file are gone', () => processes().length === 0);
    } catch (error) {
      for (const pid of processes()) process.kill(pid, 'SIGKILL');
      throw error;
    }
  });

  const stage: Stage = {
    redis,
    env,
    processes,
    path: name => join(redis.dir, `${++serial}-${name}`),
    gate: () => {
      const file = stage.path('gate');
      return { file, open: () => writeFileSync(file, '') };
    },
    put: async (task, { id = `job-${++serial}`, queue = 'default', atFront = false, place = 'queue', ...job } = {}) => {
      const now = new Date().toISOString();
      const payload = JSON.stringify([task, null, job.args ?? [], job.kwargs ?? {}]);
      const transaction = client
        .multi()
        .sadd('rq:queues', `rq:queue:${queue}`)
        .hset(`rq:job:${id}`, {
          status: 'queued',
          origin: queue,
          created_at: now,
          enqueued_at: now,
          data: job.data ?? deflateSync(payload),
          description: `${task}()`,
          timeout: 180,
          started_at: '',
          ended_at: '',
          last_heartbeat: '',
          worker_name: '',
          group_id: '',
          success_callback_name: '',
          failure_callback_name: '',
          stopped_callback_name: '',
          ...job.fields,
        });
      if (place === 'queue') transaction[atFront ? 'lpush' : 'rpush'](`rq:queue:${queue}`, id);
      await transaction.exec();
      return id;
    },
    rqt: (...args) => rqt(args, { env }),
    burst: (...args) => rqt(['worker', '--burst', ...withPath(args)], { env }),
    start: async (...args) => {
      const running = startRqt(['worker', ...withPath(args)], { env });
      await until('the worker has registered', () => {
        assert.equal(running.child.exitCode, null, running.printed.stderr);
        return /cleaning registries|"cleaning"/.test(running.printed.stderr);
      });
      return running;
    },
    job: id => client.hgetall(`rq:job:${id}`),
    status: async id => {
      const { stdout, stderr } = await rqt(['status', '--json', id], { env });
      assert.notEqual(stdout, '', stderr);
      return JSON.parse(stdout) as Status;
    },
    places: async id => {
      const found: string[] = [];
      for (const key of (await client.keys('rq:*')).sort()) {
        const type = await client.type(key);
        if (type === 'list' && (await client.lpos(key, id)) !== null) found.push(key.slice(3));
        if (type !== 'zset' || key.startsWith('rq:rqt:')) continue;
        const members = await client.zrange(key, '0', '-1');
        if (members.some(member => member === id || member.startsWith(`${id}:`))) found.push(key.slice(3));
      }
      return found;
    },
    untilState: async (id, state) => {
      await until(`job ${id} is ${state}`, async () => (await client.hget(`rq:job:${id}`, 'status')) === state);
    },
  };
  return stage;
}

function withPath(args: readonly string[]): string[] {
  return args.some(arg => arg === '--path' || arg === '-P') ? [...args] : ['--path', taskFolder, ...args];
}

function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        const [, state] = /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
        return state !== 'Z' && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
      } catch {
        return false;
      }
    });
}

/** The log's lines without their times; only those that match when a pattern is given. */
export function told({ stderr }: { readonly stderr: string }, pattern?: RegExp): string[] {
  const lines = stderr.split('\n').map(line => line.replace(/^\d\d:\d\d:\d\d(\.\d+)? /, ''));
  return pattern ? lines.filter(line => pattern.test(line)) : lines.filter(line => line !== '');
}
