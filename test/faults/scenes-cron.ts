import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { doCleanly, ended, expectPrinted, type Scene } from './scene.ts';
import type { Expected, Stage } from './stage.ts';

/** Each New Year: no slot comes while a test runs. */
const YEARLY = '0 0 1 1 *';

/** Whoever changes the timetable is killed; the same again makes it what it is to be. */
const commands: Scene = {
  name: 'cron commands',
  manyDie: true,
  runsNone: true,
  set: async stage => writeTimetable(stage, [`first ${YEARLY} tasks#plain`, `second ${YEARLY} tasks#plain`]),
  async act(stage, steps) {
    const cron = (...args: string[]) => stage.start(['cron', ...args], steps).ended;
    await cron('add', 'first', YEARLY, 'tasks#plain', '--tz', 'UTC');
    await cron('apply', 'timetable');
    await cron('pause', 'first');
    await cron('resume', 'first');
    expectPrinted(stage, (await cron('run', 'first')).stdout);
    await cron('remove', 'second');
  },
  async after(stage) {
    await doCleanly(stage, ['cron', 'apply', 'timetable']);
    await doCleanly(stage, ['cron', 'pause', 'first', 'second']);
    await doCleanly(stage, ['cron', 'resume', 'first', 'second']);
  },
};

/** A worker finds slots of some years that were missed: what each entry makes of them, it makes once, whoever is killed. */
const firing: Scene = {
  name: 'cron firing',
  async set(stage) {
    writeTimetable(stage, [
      `all ${YEARLY} tasks#plain --catch-up all --overlap queue --retry-max 2 --retry-interval 5 --jitter`,
      `last ${YEARLY} tasks#plain --catch-up last`,
      `none ${YEARLY} tasks#plain --catch-up none`,
      `replaced ${YEARLY} tasks#plain --catch-up all --overlap replace`,
      `left-out ${YEARLY} tasks#plain --catch-up all --overlap skip`,
    ]);
    await doCleanly(stage, ['cron', 'apply', 'timetable']);
    const thisYear = new Date().getUTCFullYear();
    const [first, middle] = [thisYear - 2, thisYear - 1];
    for (const name of ['all', 'last', 'none', 'replaced', 'left-out']) await setBack(stage, name, first);
    const expectSlots = (name: string, whens: readonly number[], is: Expected) => {
      for (const year of whens) stage.expected.set(`cron-${name}-${year}0101T000000Z`, is);
    };
    expectSlots('all', [first, middle, thisYear], {});
    expectSlots('last', [thisYear], {});
    expectSlots('last', [first, middle], NEVER);
    expectSlots('none', [first, middle, thisYear], NEVER);
    // All of an entry's slots are fired in one step: the jobs of the earlier ones do not begin before the later ones are there.
    expectSlots('replaced', [first, middle], { states: ['canceled'], begun: { most: 0 }, done: { least: 0 } });
    expectSlots('replaced', [thisYear], {});
    expectSlots('left-out', [first], {});
    expectSlots('left-out', [middle, thisYear], NEVER);
  },
  act: async (stage, steps) => ended(stage.startWorker(steps)),
};

/** No such job must ever be there. */
const NEVER: Expected = { states: [], mayBeGone: true, begun: { most: 0 }, done: { least: 0 } };

export const CRON_SCENES: readonly Scene[] = [commands, firing];

function writeTimetable({ folder }: Stage, lines: readonly string[]): void {
  writeFileSync(join(folder, 'timetable'), ['TZ=UTC', ...lines, ''].join('\n'));
}

/** Makes an entry as it is where no worker has looked since that year. */
async function setBack({ db: { client, prefix } }: Stage, name: string, year: number): Promise<void> {
  const slot = Date.UTC(year, 0, 1);
  await client.hset(`${prefix}:rqt:cron:${name}`, 'next', slot);
  await client.zadd(`${prefix}:rqt:cron`, slot, name);
}
