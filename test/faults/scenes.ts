import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cancel } from '../../src/store/cancel.ts';
import { stop } from '../../src/store/stop.ts';
import { resume } from '../../src/store/suspend.ts';
import type { Running } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { command, ended, expectPrinted, hasEnded, many, type Scene } from './scene.ts';
import { CRON_SCENES } from './scenes-cron.ts';
import { FSCK_SCENE } from './scenes-fsck.ts';
import { RUN_SCENE } from './scenes-run.ts';
import { SPOOL_SCENES } from './scenes-spool.ts';
import type { Stage } from './stage.ts';

/** A job of every kind. */
async function setEveryKind(stage: Stage): Promise<void> {
  await stage.add('plain', 'plain');
  await stage.add('once', 'plain', {
    plan: { atMostOnce: true, callbacks: { failure: 'tasks#callback' } },
    begun: { most: 1 },
    done: { least: 0 },
    states: ['finished', 'failed'],
  });
  await stage.add('retried', 'flaky', { args: [1], runs: 2, plan: { retry: { retriesLeft: 3, intervals: [] } } });
  await stage.add('retried-later', 'flaky', { args: [1], runs: 2, plan: { retry: { retriesLeft: 3, intervals: [1] } } });
  await stage.add('repeated', 'plain', {
    plan: { repeat: { repeatsLeft: 1, intervals: [] } },
    runs: 2,
    successes: 2,
    done: { least: 2 },
  });
  await stage.add('scheduled', 'plain', { plan: { due: { inMs: 1 } } });
  await stage.add('parent', 'plain', { plan: { callbacks: { success: 'tasks#callback', failure: 'tasks#callback' } } });
  await stage.add('child', 'plain', { plan: { dependsOn: ['parent'] } });
  await stage.add('grandchild', 'plain', { plan: { dependsOn: ['child', 'plain'] } });
  await stage.add('talks', 'talks');
  stage.expected.set('talks-child', { mayBeReplaced: true });
  await stage.add('bad', 'bad', { plan: { callbacks: { failure: 'tasks#callback' } }, states: ['failed'] });
  await stage.add('orphan', 'plain', {
    plan: { dependsOn: ['bad'] },
    states: ['canceled'],
    begun: { most: 0 },
    done: { least: 0 },
  });
  await stage.add('heir', 'plain', { plan: { dependsOn: ['bad'], onParentFailure: 'allow' } });
  await stage.add('unkept', 'plain', { resultTtlMs: 0, mayBeGone: true });
}

/** A worker that runs a job is killed from outside; its host is made another one, its lease made to have lapsed. */
async function loseWorker(stage: Stage, where: 'here' | 'elsewhere'): Promise<void> {
  const { client, prefix } = stage.db;
  const worker = stage.startWorker();
  await stage.sees(worker, 'begun', 'slow');
  worker.child.kill('SIGKILL');
  await worker.ended;
  if (where === 'here') return;
  for (const key of await client.smembers(`${prefix}:workers`)) await client.hset(key, 'hostname', 'elsewhere');
  for (const member of await client.zrange(`${prefix}:wip:default`, '0', '-1'))
    await client.zadd(`${prefix}:wip:default`, 1, member);
  // What Redis does by itself when a worker is silent for long.
  for (const key of await client.smembers(`${prefix}:workers`)) await client.del(key);
}

async function stopAtOnce(worker: Running): Promise<void> {
  worker.child.kill('SIGTERM');
  await until('it was told', () => hasEnded(worker) || /warm shut down/.test(worker.printed.stderr));
  const again = setInterval(() => worker.child.kill('SIGTERM'), 250);
  await worker.ended;
  clearInterval(again);
}

async function isThere({ db }: Stage, id: string): Promise<boolean> {
  return (await db.client.exists(`${db.prefix}:job:${id}`)) === 1;
}

async function isAwaited({ db }: Stage, id: string): Promise<boolean> {
  return (await db.client.hexists(`${db.prefix}:job:${id}`, 'rqt_waited')) === 1;
}

const stopped = { states: ['stopped', 'finished'], done: { least: 0 } };

/** The scenes of the matrix. Between them they come to every step. */
export const SCENES: readonly Scene[] = [
  {
    name: 'work',
    set: setEveryKind,
    act: async (stage, steps) => ended(stage.startWorker(steps)),
  },
  {
    name: 'work of two slots',
    set: setEveryKind,
    act: async (stage, steps) => ended(stage.startWorker(steps, '-j', '2', '--isolate')),
  },
  {
    name: 'long job',
    set: stage => stage.add('slow', 'slow', { args: [1300] }),
    act: async (stage, steps) => ended(stage.startWorker(steps, '--job-monitoring-interval', '1')),
  },
  {
    name: 'killed executor',
    set: async stage => {
      await stage.add('dies', 'dies', { runs: 2, plan: { retry: { retriesLeft: 1, intervals: [] } } });
      await stage.add('child', 'plain', { plan: { dependsOn: ['dies'] } });
    },
    act: async (stage, steps) => ended(stage.startWorker(steps)),
  },
  {
    name: 'changed task',
    set: async stage => {
      await stage.add('first', 'touches');
      await stage.add('second', 'plain');
    },
    act: async (stage, steps) => ended(stage.startWorker(steps)),
  },
  {
    name: 'stopped job',
    set: async stage => {
      await stage.add('heeds', 'heeds', {
        // Where its worker dies, it is canceled at the end; where its executor dies, it has failed: nobody stops it a second time.
        states: ['stopped', 'canceled', 'failed'],
        begun: { most: 1 },
        plan: { callbacks: { stopped: 'tasks#callback' } },
        done: { least: 0 },
      });
      await stage.add('next', 'plain');
    },
    act: async (stage, steps) => {
      const worker = stage.startWorker(steps);
      await stage.sees(worker, 'begun', 'heeds');
      await stop(stage.db, 'heeds');
      await worker.ended;
    },
    after: async stage => void (await cancel(stage.db, 'heeds')),
  },
  {
    name: 'cold stop',
    set: async stage => {
      await stage.add('slow', 'slow', { args: [600], runs: 2 });
      await stage.add('next', 'plain');
    },
    act: async (stage, steps) => {
      const worker = stage.startWorker(steps);
      await stage.sees(worker, 'begun', 'slow');
      await stopAtOnce(worker);
    },
  },
  {
    name: 'dead neighbour',
    set: async stage => {
      await stage.add('slow', 'slow', { args: [600], runs: 2 });
      await stage.add('child', 'plain', { plan: { dependsOn: ['slow'] } });
      await loseWorker(stage, 'here');
    },
    act: async (stage, steps) => ended(stage.startWorker(steps)),
  },
  {
    name: 'lapsed lease',
    set: async stage => {
      await stage.add('slow', 'slow', { args: [600], runs: 2 });
      await stage.add('child', 'plain', { plan: { dependsOn: ['slow'] } });
      await loseWorker(stage, 'elsewhere');
    },
    act: async (stage, steps) => ended(stage.startWorker(steps)),
  },
  {
    name: 'callback of a job that was given up',
    set: async stage => {
      const plan = { atMostOnce: true, callbacks: { failure: 'tasks#callback' } };
      await stage.add('slow', 'slow', { args: [600], plan, begun: { most: 1 }, done: { least: 0 }, states: ['failed'] });
      await loseWorker(stage, 'here');
    },
    act: async (stage, steps) => ended(stage.startWorker(steps)),
  },
  {
    name: 'cold stop while such a callback runs',
    set: async stage => {
      const plan = { atMostOnce: true, callbacks: { failure: 'tasks#longCallback' } };
      await stage.add('slow', 'slow', { args: [600], plan, begun: { most: 1 }, done: { least: 0 }, states: ['failed'] });
      await loseWorker(stage, 'here');
    },
    act: async (stage, steps) => {
      const worker = stage.startWorker(steps);
      await stage.sees(worker, 'callback', 'slow');
      await stopAtOnce(worker);
    },
  },
  {
    name: 'enqueue',
    runsNone: true,
    set: async () => {},
    act: async (stage, steps) => {
      const producer = stage.start(['enqueue', 'tasks#plain', '--job-id', 'new', '--retry-max', '2', '--group', 'g'], steps);
      expectPrinted(stage, (await producer.ended).stdout, { all: ['new'] });
    },
  },
  {
    name: 'enqueue --lines',
    runsNone: true,
    set: async () => {},
    act: async (stage, steps) => {
      writeFileSync(join(stage.folder, 'lines'), many(300).join('\n'));
      const producer = stage.start(['enqueue', 'tasks#plain', '--lines', 'lines'], steps);
      expectPrinted(stage, (await producer.ended).stdout);
    },
  },
  {
    name: 'enqueue --wait',
    set: async () => {},
    // Whoever comes to the step dies: the producer that waits, its worker, or the executor.
    act: async (stage, steps) => {
      const producer = stage.start(['enqueue', 'tasks#slow', ':300', '--job-id', 'awaited', '--wait'], steps);
      stage.expected.set('awaited', { mayBeGone: true, done: { least: 0 } });
      await until('the job is there', async () => hasEnded(producer) || isThere(stage, 'awaited'), 60_000);
      if (await isThere(stage, 'awaited')) stage.expected.set('awaited', {});
      await stage.startWorker(steps).ended;
      // The worker may have died, and then the producer waits for the next one.
      await stage.startWorker().ended;
      await producer.ended;
    },
  },
  {
    name: 'enqueue --wait of a job that is there',
    runsNone: true,
    set: stage => stage.add('plain', 'plain'),
    act: async (stage, steps) => {
      const producer = stage.start(['enqueue', 'tasks#plain', '--job-id', 'plain', '--unique', '--wait'], steps);
      await until('it waits', async () => hasEnded(producer) || (await isAwaited(stage, 'plain')), 60_000);
      await stage.startWorker().ended;
      await producer.ended;
    },
  },
  {
    name: 'enqueue --once-per',
    runsNone: true,
    set: async () => {},
    act: async (stage, steps) => {
      const args = ['enqueue', 'tasks#plain', '--once-per', '1d', '--job-id', 'slot'];
      const first = await stage.start(args, steps).ended;
      const second = await stage.start(args).ended;
      expectPrinted(stage, first.stdout + second.stdout);
    },
  },
  {
    name: 'private server',
    runsNone: true,
    set: async () => {},
    act: startPrivateServer,
  },
  command('cancel', ['cancel', 'first', 'second'], async stage => {
    for (const id of ['first', 'second']) await stage.add(id, 'plain', { states: ['canceled', 'finished'], done: { least: 0 } });
    await stage.add('child', 'plain', { plan: { dependsOn: ['first'] }, states: ['canceled', 'finished'], done: { least: 0 } });
  }),
  {
    name: 'stop',
    runsNone: true,
    set: stage => stage.add('heeds', 'heeds', stopped),
    act: async (stage, steps) => {
      const worker = stage.startWorker();
      await stage.sees(worker, 'begun', 'heeds');
      await stage.start(['stop', 'heeds'], steps).ended;
      await stop(stage.db, 'heeds');
      await worker.ended;
    },
  },
  ...['kill', 'shutdown'].map(
    (name): Scene => ({
      name,
      runsNone: true,
      set: async stage => {
        // Longer than a command takes to start on a busy machine: it means this job.
        await stage.add('slow', 'slow', { args: [1500], runs: 2, plan: { retry: { retriesLeft: 1, intervals: [] } } });
        await stage.add('next', 'plain');
      },
      act: async (stage, steps) => {
        const worker = stage.startWorker(undefined, '--name', 'told');
        await stage.sees(worker, 'begun', 'slow');
        await stage.start([name, 'told'], steps).ended;
        await worker.ended;
      },
    }),
  ),
  command(
    'suspend',
    ['suspend'],
    stage => stage.add('plain', 'plain'),
    async stage => void (await resume(stage.db, [])),
  ),
  command(
    'resume',
    ['resume'],
    async stage => {
      await stage.add('plain', 'plain');
      await stage.db.client.set(`${stage.db.prefix}:suspended`, '1');
    },
    async stage => void (await resume(stage.db, [])),
  ),
  command('empty', ['empty', 'default'], async stage => {
    for (const id of many(550)) await stage.add(id, 'plain', { mayBeGone: true, done: { least: 0 } });
    await stage.add('child', 'plain', { plan: { dependsOn: ['j3'] }, states: ['canceled', 'finished'], done: { least: 0 } });
  }),
  command('requeue', ['requeue', '--all'], async stage => {
    for (const id of ['first', 'second'])
      await stage.add(id, 'flaky', { args: [1], runs: 2, states: ['finished', 'failed'], done: { least: 0 } });
    await stage.add('child', 'plain', { plan: { dependsOn: ['first'] }, states: ['canceled', 'finished'], done: { least: 0 } });
    await stage.startWorker().ended;
  }),
  command('delete', ['delete', 'parent', 'other'], async stage => {
    for (const id of ['parent', 'other']) await stage.add(id, 'plain', { mayBeGone: true, done: { least: 0 } });
    for (const id of many(250))
      await stage.add(id, 'plain', { plan: { dependsOn: ['parent'] }, states: ['canceled', 'finished'], done: { least: 0 } });
  }),
  ...CRON_SCENES,
  ...SPOOL_SCENES,
  RUN_SCENE,
  FSCK_SCENE,
];

/** Who starts the private server is killed meanwhile; the next one finds that, or starts it. What was acknowledged is there. */
async function startPrivateServer(stage: Stage, steps: string): Promise<void> {
  const env = { RQT_REDIS_URL: undefined, RQT_HOME: join(stage.folder, 'home') };
  const enqueue = (id: string) => ['enqueue', 'tasks#plain', '--job-id', id];
  const first = await stage.start(enqueue('first'), steps, env).ended;
  const second = await stage.start(enqueue('second'), undefined, env).ended;
  expectPrinted(stage, first.stdout + second.stdout, { all: ['first'] });
  // They are in another Redis than the one that is audited.
  for (const [id, expectation] of stage.expected) stage.expected.set(id, { ...expectation, mayBeGone: true });
  if (second.status !== 0) throw new Error(`after a kill at ${steps} rqt enqueue ended with ${second.status}: ${second.stderr}`);
  await stage.start(['worker', '--burst', '--path', stage.path], undefined, env).ended;
  await stage.start(['redis', 'stop'], undefined, env).ended;
}
