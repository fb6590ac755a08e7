import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GLOBAL_OPTIONS } from '../../src/command.ts';
import { ENQUEUE_OPTIONS } from '../../src/commands/enqueue/options.ts';
import { command as worker } from '../../src/commands/worker.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import type { OptionSpec } from '../../src/parse/argv.ts';

/** What says something of one call, one job, one process or one output, or destroys something. */
const COMMAND_LINE_ONLY: Readonly<Record<string, readonly string[]>> = {
  rqt: ['config'],
  enqueue: [
    ...['description', 'job-id', 'lines', 'quiet', 'json', 'wait'],
    ...['schedule-in', 'schedule-at', 'tz', 'depends-on', 'once-per'],
  ],
  worker: ['name', 'num-workers', 'no-scheduler', 'pid', 'exit-zero', 'junit', 'report', 'annotations'],
};

const OPTIONS: Readonly<Record<string, readonly OptionSpec[]>> = {
  rqt: GLOBAL_OPTIONS,
  enqueue: ENQUEUE_OPTIONS,
  worker: worker.options,
};

for (const [section, options] of Object.entries(OPTIONS)) {
  const settings = SETTINGS.filter(setting => setting.section === section);

  test(`every option of ${section} is a setting of src/config/settings.ts, or listed here as one for the command line only`, () => {
    const undecided = options
      .map(({ name }) => name)
      .filter(name => !settings.some(setting => setting.name === name) && !COMMAND_LINE_ONLY[section]?.includes(name));
    assert.deepEqual(undecided, []);
  });

  test(`the settings of ${section} are of the types and have the defaults of its options`, () => {
    for (const { name, kind, otherwise } of settings) {
      const option = options.find(candidate => candidate.name === name);
      if (!option && section === 'rqt') continue;
      assert.ok(option, `${name} is no option`);
      assert.equal(option.type, kind === 'text' ? 'string' : kind, name);
      const described = /\(default: ([\w-]+)[;,)]/.exec(option.describe)?.[1];
      if (described !== undefined && described !== 'as') assert.equal(otherwise, described, name);
    }
  });

  test(`what the settings of ${section} need and what they rival are options`, () => {
    const names = settings.flatMap(({ needs, rivals }) => [...needs, ...rivals]);
    assert.deepEqual(
      names.filter(name => !options.some(option => option.name === name)),
      [],
    );
  });
}
