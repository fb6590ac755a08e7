import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigFile } from '../../src/config/parse-file.ts';
import { RqtError } from '../../src/errors.ts';

const EVERY_SHAPE = `
url = "redis://:secret@host"
"namespace" = 'n'
home = "data"
[worker]
path = ["tasks", "/srv/lib"]
concurrency = 4
allow-shell = false
[queues]
mail = { timeout = 30, retry-interval = [10, "1m"] }
[queues."a.b"]
retry-interval = "10,30"
`;

test('texts, numbers, booleans, lists, inline tables and quoted keys are read; paths begin at the file', () => {
  const { top, worker, queues } = parseConfigFile(EVERY_SHAPE, '/srv/rqt.toml');
  const values = (entries: ReadonlyMap<string, { value: unknown }> | undefined) =>
    Object.fromEntries([...(entries ?? [])].map(([name, { value }]) => [name, value]));
  assert.deepEqual(values(top), { url: 'redis://:secret@host', namespace: 'n', home: '/srv/data' });
  assert.deepEqual(values(worker), { path: ['/srv/tasks', '/srv/lib'], concurrency: '4', 'allow-shell': false });
  assert.deepEqual(values(queues.get('mail')), { timeout: '30', 'retry-interval': ['10', '1m'] });
  assert.deepEqual(values(queues.get('a.b')), { 'retry-interval': ['10,30'] });
});

const wrong: Record<string, RegExp> = {
  'namespace = ': /^\/f:1: it is not TOML: /,
  'namespace = "a"\nnamespace = "b"': /^\/f:2: it is not TOML: trying to redefine/,
  '\n\nurl = "redis://:secret@host': /^\/f:3: it is not TOML: [^@]*$/,
  'timeuot = 5': /^\/f:1: there is no setting timeuot; did you mean timeout\? \(see rqt config\)$/,
  '[queues.reports]\nresult_ttl = 5': /^\/f:2: \[queues\.reports\] there is no setting result_ttl; did you mean result-ttl\?/,
  '[queues."a b"]\ntimeout = 5': /^\/f:1: queue name 'a b' has a space/,
  '[queues."a.b"]\ntimeuot = 5': /^\/f:2: \[queues\.'a\.b'\] there is no setting timeuot/,
  '[queue.reports]\ntimeout = 5': /^\/f: queue has no place here: it belongs|^\/f: queue is a text/,
  '[workers]\nburst = true': /^\/f:1: there is no section workers; did you mean worker\?/,
  '[worker]\ntimeout = 5': /^\/f:2: \[worker\] timeout has no place here: it belongs in \[enqueue\] or in \[queues\.NAME\]/,
  '[enqueue]\nurl = "redis://h"': /^\/f:2: \[enqueue\] url has no place here: it belongs at the top of the file/,
  '[queues.a]\nqueue = "b"': /^\/f:2: \[queues\.a\] queue has no place here: it belongs in \[enqueue\]/,
  '[enqueue]\njob-id = "x"': /^\/f:2: \[enqueue\] there is no setting job-id/,
  'timeout = "abc"': /^\/f:1: timeout 'abc' is not a duration; write for example 90/,
  '[queues.a]\ntimeout = 0': /^\/f:2: \[queues\.a\] timeout '0' is zero/,
  'timeout = true': /^\/f:1: timeout is a text or a number$/,
  'timeout = [5]': /^\/f:1: timeout is a text or a number$/,
  'timeout = 2027-01-01': /^\/f:1: timeout is a text or a number$/,
  'retry-interval = [1, {}]': /^\/f:1: retry-interval is a text, or a list of them$/,
  '[worker]\nburst = "yes"': /^\/f:2: \[worker\] burst is true or false$/,
  '[worker]\nmax-memory = "1kb"': /^\/f:2: \[worker\] max-memory '1kb' is less than/,
  '[worker]\nlog-format = "xml"': /^\/f:2: \[worker\] log-format 'xml': say text or json$/,
  'worker = 5': /^\/f:1: worker is a section: write \[worker\] on a line of its own$/,
  'queues = []': /^\/f:1: queues is a section/,
  '[[worker]]\nburst = true': /^\/f: worker is a section/,
  '[queues]\nreports = 5': /^\/f: queues\.reports is a section: write \[queues\.reports\]/,
  'namespace = "a b"': /^\/f:1: namespace 'a b': use letters/,
  'url = "redis://:secret@host:port"': /^\/f:1: 'redis:\/\/:\*\*\*@host:port' is no Redis URL/,
  'url = "http://me:secret@host"': /^\/f:1: 'http:\/\/me:\*\*\*@host' is no Redis URL/,
  '"redis://:secret@host" = 1':
    /^\/f: there is no setting 'redis:\/\/:\*\*\*@host'|^\/f:1: there is no setting 'redis:\/\/:\*\*\*@host'/,
  '__proto__ = 5': /^\/f:1: there is no setting __proto__/,
  '[queues.__proto__]\nnonsense = 5': /there is no setting nonsense/,
  'constructor = 5': /^\/f:1: there is no setting constructor/,
  [`a = ${'['.repeat(5000)}`]: /it is not TOML/,
  [`timeout = ${'9'.repeat(400)}`]: /^\/f:1: /,
  'on-failure = "../evil#fn"': /^\/f:1: task '\.\.\/evil#fn' leaves the task roots/,
};

for (const [text, message] of Object.entries(wrong)) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused in one line with its place`, () => {
    assert.throws(
      () => parseConfigFile(text, '/f'),
      (error: Error) => {
        assert.ok(error instanceof RqtError && error.code === 'config', error.stack);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret|\n/);
        return true;
      },
    );
  });
}

test('a line is told only where it can be told: a key that a text of several lines repeats has none', () => {
  const text = '[enqueue]\nmeta = """a=\ntimeout = 5\n"""\ntimeout = "abc"';
  assert.throws(() => parseConfigFile(text, '/f'), { message: /^\/f: \[enqueue\] timeout 'abc' is not a duration/ });
});

test('no damage to a file brings anything but one line of refusal', () => {
  const random = randomFrom(20_270_131);
  const pieces = [
    '[',
    ']',
    '=',
    '"',
    "'",
    '\n',
    '.',
    '#',
    '{',
    '}',
    ',',
    '\0',
    '\u202e',
    '\ud800',
    '1e999',
    'queues',
    '-',
    '"""',
    'inf',
    'nan',
    'true',
  ];
  for (let run = 0; run < 4000; run += 1) {
    let text = EVERY_SHAPE;
    for (let damage = 0; damage <= random(4); damage += 1) {
      const at = random(text.length + 1);
      text = text.slice(0, at) + (pieces[random(pieces.length + 3)] ?? '') + text.slice(at + random(6));
    }
    try {
      parseConfigFile(text, '/srv/rqt.toml');
    } catch (error) {
      const isRefusal = error instanceof RqtError && error.code === 'config' && /^\/srv\/rqt\.toml[^\n]*$/.test(error.message);
      assert.ok(isRefusal, `${JSON.stringify(text)}: ${(error as Error).stack}`);
      if (!/^\S+ there is no|is a text/.test(error.message)) assert.doesNotMatch(error.message, /:secret@/, JSON.stringify(text));
    }
  }
});

/** Whole numbers below `limit`, the same in every run. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
