import { doCleanly, ended, type Scene } from './scene.ts';
import type { Stage } from './stage.ts';

/** Somebody runs a task here and now, and is killed: the next one, long after, removes what is left of that. */
export const RUN_SCENE: Scene = {
  name: 'run',
  keepsNone: true,
  set: async () => {},
  act: async (stage, steps) => ended(stage.start(runOf(stage), steps)),
  async after(stage) {
    await letLapse(stage);
    await doCleanly(stage, runOf(stage));
    for (const { id } of stage.effects()) stage.expected.set(id, { mayBeGone: true, done: { least: 0 } });
  },
};

/** Its job enqueues another one. */
const runOf = ({ path }: Stage) => ['run', 'tasks#talks', '--path', path, '--grace', '0.2s'];

/** As after some minutes without a sign of life of the run, and of its worker. */
async function letLapse({ db: { client, prefix } }: Stage): Promise<void> {
  for (const queue of await client.zrange(`${prefix}:rqt:runs`, '0', '-1')) {
    await client.zadd(`${prefix}:rqt:runs`, 1, queue);
    for (const lease of await client.zrange(`${prefix}:wip:${queue}`, '0', '-1'))
      await client.zadd(`${prefix}:wip:${queue}`, 1, lease);
  }
}
