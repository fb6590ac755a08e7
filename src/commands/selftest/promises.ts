import type { JobPlan } from '../../store/index.ts';
import type { Expected } from './judge.ts';
import type { Stage } from './stage.ts';

/** What rqt promises, and how to see it: jobs are put on a queue of the promise's own, and processes killed at moments that are observed. */
export interface Promised {
  readonly name: string;
  readonly text: string;
  /** Returns what must be true when everything has settled. */
  play(stage: Stage): Promise<ReadonlyMap<string, Expected>>;
}

const retry = (retriesLeft: number): JobPlan => ({ retry: { retriesLeft, intervals: [] } });
const killedOnce = { state: 'finished', begun: 2, done: 1 } satisfies Expected;
const wellDone = { state: 'finished', begun: 1, done: 1 } satisfies Expected;
/** Lines of which a killed producer has printed some. */
const LINES = 2000;

export const PROMISES: readonly Promised[] = [
  {
    name: 'rerun',
    text: 'a job whose worker is killed runs again',
    async play(stage) {
      await stage.add('rerun', 'hold', { holds: 1 });
      await stage.killWorkerAt('rerun', 'rerun');
      await stage.settle('rerun');
      return new Map([['rerun', killedOnce]]);
    },
  },
  {
    name: 'killed-executor',
    text: 'a job whose executor is killed ends failed, and says so',
    async play(stage) {
      await stage.add('killed', 'hold', { holds: 1 });
      await stage.killExecutorAt('killed', 'killed');
      return new Map([['killed', { state: 'failed', begun: 1, done: 0, error: /killed by SIGKILL/ }]]);
    },
  },
  {
    name: 'killed-executor-retried',
    text: 'with --retry-max it runs again',
    async play(stage) {
      await stage.add('killed-retried', 'hold', { holds: 1, plan: retry(1) });
      await stage.killExecutorAt('killed-retried', 'killed-retried');
      return new Map([['killed-retried', { ...killedOnce, outcomes: ['retried', 'finished'] }]]);
    },
  },
  {
    name: 'at-most-once',
    text: 'an --at-most-once job is never started twice',
    async play(stage) {
      await stage.add('once', 'hold', { holds: 1, plan: { atMostOnce: true } });
      await stage.killWorkerAt('once', 'once');
      await stage.settle('once');
      return new Map([['once', { state: 'failed', begun: 1, done: 0, error: /worker died/ }]]);
    },
  },
  {
    name: 'cancel',
    text: 'a canceled job is never started',
    async play(stage) {
      await stage.add('busy', 'hold', { holds: 1, queue: 'cancel' });
      await stage.add('canceled', 'hold', { queue: 'cancel' });
      await stage.killWorkerAt('cancel', 'busy', () => stage.command('cancel', 'canceled'));
      await stage.settle('cancel');
      return new Map<string, Expected>([
        ['busy', killedOnce],
        ['canceled', { state: 'canceled', begun: 0, done: 0 }],
      ]);
    },
  },
  {
    name: 'dependents',
    text: 'a dependent runs after its parent, whichever of their workers is killed',
    async play(stage) {
      await stage.add('parent', 'hold', { holds: 1, queue: 'family' });
      await stage.add('child', 'hold', { holds: 1, queue: 'family', plan: { dependsOn: ['parent'] } });
      await stage.killWorkerAt('family', 'parent');
      await stage.killWorkerAt('family', 'child');
      await stage.settle('family');
      return new Map<string, Expected>([
        ['parent', killedOnce],
        ['child', { ...killedOnce, after: 'parent' }],
      ]);
    },
  },
  {
    name: 'retries',
    text: 'a failing job runs so often as asked and no more, a killed worker aside',
    async play(stage) {
      await stage.add('failing', 'fail', { holds: 1, plan: retry(2) });
      await stage.killWorkerAt('failing', 'failing');
      await stage.settle('failing');
      return new Map([
        ['failing', { state: 'failed', begun: 4, done: 0, outcomes: ['retried', 'retried', 'failed'], error: /as asked/ }],
      ]);
    },
  },
  {
    name: 'poison',
    text: 'a job under which too many workers die ends failed, and those behind it run',
    async play(stage) {
      await stage.add('poison', 'hold', { holds: 9, queue: 'poison', plan: { maxCrashes: 1 } });
      await stage.add('behind', 'hold', { queue: 'poison' });
      await stage.killWorkerAt('poison', 'poison');
      await stage.killWorkerAt('poison', 'poison', undefined, 2);
      await stage.settle('poison');
      return new Map<string, Expected>([
        ['poison', { state: 'failed', begun: 2, done: 0, error: /worker died/ }],
        ['behind', wellDone],
      ]);
    },
  },
  {
    name: 'producer',
    text: 'whatever id a killed producer has printed, its job runs once',
    async play(stage) {
      const printed = await stage.killProducer('lines', LINES);
      await stage.settle('lines');
      return new Map(printed.map(id => [id, wellDone]));
    },
  },
];
