import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJobId, parseQueueName, parseTaskName, parseWorkerName } from '../../src/parse/names.ts';

const parsers = { parseJobId, parseQueueName, parseTaskName, parseWorkerName } as const;
type Parser = keyof typeof parsers;

const good: Readonly<Record<Parser, readonly string[]>> = {
  parseJobId: ['nightly', 'A_b-9', '-', 'x'.repeat(512)],
  parseQueueName: ['default', 'rq:high', 'größe', '任务', 'a/b#c', '👩‍💻', 'x'.repeat(200)],
  parseWorkerName: ['host.1234', 'ci:1', 'f3a5c6'],
  parseTaskName: [
    'hello#hello',
    'tasks/mail#send',
    'a/b/c#default',
    'hello.ts#hello',
    'größe#größe',
    'm#$_',
    'builtins.print',
    'pkg.mod.fn',
    'pkg.mod.Class.method',
    '.hidden/x#y',
    'a-b#c',
    'a..b#c',
  ],
};
for (const [parser, texts] of Object.entries(good) as [Parser, readonly string[]][]) {
  for (const text of texts) {
    test(`${parser} takes '${text.slice(0, 30)}' as it is`, () => {
      assert.equal(parsers[parser](text), text);
    });
  }
}

const bad: readonly [Parser, text: string, message: RegExp][] = [
  ['parseJobId', '', /is empty/],
  ['parseJobId', 'a b', /other characters/],
  ['parseJobId', 'a:b', /other characters/],
  ['parseJobId', 'ä', /other characters/],
  ['parseJobId', 'a\n', /'a\\n' has other characters/],
  ['parseJobId', 'x'.repeat(513), /longer than 512 characters/],
  ['parseQueueName', '', /is empty/],
  ['parseQueueName', 'a,b', /has a comma/],
  ['parseQueueName', 'a b', /has a space/],
  ['parseQueueName', 'a\u00a0b', /has a space/],
  ['parseQueueName', 'a\0b', /'a\\x00b' has a control character/],
  ['parseQueueName', 'a\u202eb', /has a control character/],
  ['parseQueueName', 'ö'.repeat(101), /longer than 200 bytes/],
  ['parseWorkerName', '', /worker name is empty/],
  ['parseWorkerName', 'a\tb', /has a space/],
  ['parseTaskName', '', /is empty; write module#fn/],
  ['parseTaskName', 'hello', /did you mean hello#hello\?/],
  ['parseTaskName', 'tasks/hello', /did you mean tasks\/hello#hello\?/],
  ['parseTaskName', './tasks/hello.ts', /did you mean tasks\/hello#hello\?/],
  ['parseTaskName', 'hello.mjs', /did you mean hello#hello\?/],
  ['parseTaskName', '../x', /names no function/],
  ['parseTaskName', 'a..b', /names no function/],
  ['parseTaskName', 'hello#', /names no function after the #/],
  ['parseTaskName', '#hello', /names no module before the #/],
  ['parseTaskName', 'a#b#c', /more than one #/],
  ['parseTaskName', 'a#b.c', /no function name/],
  ['parseTaskName', 'a#1', /no function name/],
  ['parseTaskName', '/etc/x#y', /absolute path/],
  ['parseTaskName', '../x#y', /\.\./],
  ['parseTaskName', 'a/../b#y', /\.\./],
  ['parseTaskName', './a#y', /leave the \.\/ away/],
  ['parseTaskName', 'a//b#y', /empty part/],
  ['parseTaskName', 'a/#y', /empty part/],
  ['parseTaskName', 'a\\b#y', /backslash/],
  ['parseTaskName', 'node:fs#rmSync', /has a colon/],
  ['parseTaskName', 'file:///x#y', /has a colon/],
  ['parseTaskName', 'a b#c', /has a space/],
  ['parseTaskName', 'a\x1b#c', /control character/],
  ['parseTaskName', `${'x'.repeat(600)}#c`, /longer than 512 bytes/],
];
for (const [parser, text, message] of bad) {
  test(`${parser} refuses ${JSON.stringify(text.slice(0, 30))}: ${message.source}`, () => {
    assert.throws(() => parsers[parser](text), { code: 'usage', message });
    assert.throws(
      () => parsers[parser](text),
      (error: Error) => !/\p{Cc}/u.test(error.message) && error.message.length < 200,
    );
  });
}
