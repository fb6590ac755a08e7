import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Options } from '../../src/command.ts';
import { readOrder } from '../../src/commands/enqueue/order.ts';
import { configuredFor, readSaid } from '../../src/config/read.ts';
import { variableOf } from '../../src/config/setting.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { RqtError } from '../../src/errors.ts';

/** Right for some settings, wrong for others. */
const VALUES = [
  ...['0', '1', '3', '-1', '-2', '1.5', '1.5h', '10,30', ',', '1h', '1001', '99999999999', '1e3', 'NaN', 'x y', 'a,b', '\u202e'],
  ...[
    'mail#send',
    'mail',
    '../x#y',
    'key=text',
    'key:=[1]',
    'key:={',
    '=x',
    'true',
    'skip',
    'wait',
    'linear',
    'exponential',
    'x'.repeat(300),
  ],
];

/** What makes a setting say something. */
const COMPANIONS: Readonly<Record<string, Record<string, unknown>>> = {
  'retry-interval': { 'retry-max': '1000' },
  backoff: { 'retry-max': '3' },
  'retry-delay': { 'retry-max': '3', backoff: 'linear' },
  'retry-max-delay': { 'retry-max': '3', backoff: 'linear', 'retry-delay': '1s' },
  'repeat-interval': { repeat: '1000' },
  'callback-timeout': { 'on-failure': 'mail#sorry' },
  'on-parent-failure': { 'depends-on': ['a'] },
  overlap: { 'once-per': '1m' },
};

/** Read when the job is waited for. */
const ELSEWHERE = ['wait-timeout'];

const settings = SETTINGS.filter(({ section, kind }) => section === 'enqueue' && kind !== 'boolean');
for (const setting of settings.filter(({ name }) => !ELSEWHERE.includes(name))) {
  test(`what is taken for ${setting.name} in a variable is taken by enqueue, and the other way round`, async () => {
    const typed = COMPANIONS[setting.name] ?? {};
    for (const value of VALUES) {
      const asVariable = await problemOf(async () => {
        const said = readSaid({ command: 'enqueue', values: typed }, { [variableOf(setting.name)]: value }, []);
        await order(new Options(typed, configuredFor('enqueue', said)));
      });
      const list = setting.kind === 'list';
      const asFlag = await problemOf(() => order(new Options({ ...typed, [setting.name]: list ? [value] : value })));
      assert.equal(asVariable === null, asFlag === null, `${value}: ${asVariable} / ${asFlag}`);
      if (asVariable !== null) assert.match(asVariable, /^config /, value);
    }
  });
}

function order(options: Options) {
  return readOrder({ words: ['mail#send'], plainWords: [], options });
}

async function problemOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    assert.ok(error instanceof RqtError, String(error));
    return `${error.code} ${error.message}`;
  }
}
