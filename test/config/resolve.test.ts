import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigFile } from '../../src/config/parse-file.ts';
import { configuredFor, readSaid } from '../../src/config/read.ts';
import { sourceText } from '../../src/config/setting.ts';

interface Layers {
  readonly typed?: Record<string, unknown>;
  readonly env?: Record<string, string>;
  readonly near?: string;
  readonly user?: string;
}

/** The layers that may say `timeout`, the nearest first, and how each does. */
const LAYERS: readonly (readonly [name: string, value: string, put: (layers: Required<Layers>) => void])[] = [
  ['--timeout', '1', layers => Object.assign(layers.typed, { timeout: '1' })],
  ['RQT_TIMEOUT', '2', layers => Object.assign(layers.env, { RQT_TIMEOUT: '2' })],
  ['near queue', '3', layers => Object.assign(layers, { near: `${layers.near}[queues.reports]\ntimeout = 3\n` })],
  ['near enqueue', '4', layers => Object.assign(layers, { near: `${layers.near}[enqueue]\ntimeout = 4\n` })],
  ['near top', '5', layers => Object.assign(layers, { near: `timeout = 5\n${layers.near}` })],
  ['user queue', '6', layers => Object.assign(layers, { user: `${layers.user}[queues.reports]\ntimeout = "6"\n` })],
  ['user enqueue', '7', layers => Object.assign(layers, { user: `${layers.user}[enqueue]\ntimeout = "7"\n` })],
  ['user top', '8', layers => Object.assign(layers, { user: `timeout = "8"\n${layers.user}` })],
];

test('of any layers that say something the nearest wins: flag, variable, queue, command and top of the near file, then of the user', () => {
  for (let mask = 0; mask < 2 ** LAYERS.length; mask += 1) {
    const chosen = LAYERS.filter((_, index) => mask & (1 << index));
    const layers = { typed: { queue: 'reports' }, env: {}, near: '', user: '' };
    for (const [, , put] of chosen) put(layers);
    const held = enqueueWith(layers).get('timeout');
    assert.equal(held?.value, chosen[0]?.[1], chosen.map(([name]) => name).join(', '));
  }
});

test("a queue's section counts for jobs of this queue only, whoever chose the queue", () => {
  const near = '[queues.reports]\ntimeout = "1h"\n[queues.default]\ntimeout = "2h"\n';
  const timeout = (layers: Layers) => enqueueWith({ near, ...layers }).get('timeout')?.value;
  assert.equal(timeout({}), '2h');
  assert.equal(timeout({ typed: { queue: 'other' } }), undefined);
  assert.equal(timeout({ typed: { queue: 'reports' } }), '1h');
  assert.equal(timeout({ env: { RQT_QUEUE: 'reports' } }), '1h');
  assert.equal(timeout({ near: `${near}[enqueue]\nqueue = "reports"` }), '1h');
  assert.equal(timeout({ user: 'queue = "reports"' }), '1h');
});

test('what is said for one command is not heard by another', () => {
  const said = read({ near: 'namespace = "n"\nresult-ttl = 1\n[worker]\nresult-ttl = 2\nburst = true\n[enqueue]\ntimeout = 3' });
  assert.deepEqual(Object.fromEntries([...configuredFor('worker', said)].map(([name, { value }]) => [name, value])), {
    namespace: 'n',
    burst: true,
    'result-ttl': '2',
  });
  assert.deepEqual([...configuredFor('worker-pool', said).keys()], [...configuredFor('worker', said).keys()]);
  assert.deepEqual([...configuredFor('enqueue', said).keys()].sort(), ['namespace', 'result-ttl', 'timeout']);
  assert.deepEqual([...configuredFor('info', said).keys()], ['namespace']);
});

test('a flag that is turned off hides what is configured', () => {
  const near = '[queues.default]\nretry-max = 3\nretry-interval = "10"\nunique = true';
  const held = enqueueWith({ near, typed: { 'retry-max': false, unique: false } });
  assert.deepEqual([held.get('retry-max')?.value, held.has('retry-interval'), held.get('unique')?.value], [false, false, false]);
});

test('a setting gives way to a nearer one that says otherwise', () => {
  const names = (layers: Layers) => [...enqueueWith(layers).keys()].sort().join(' ');
  const near = '[enqueue]\nretry-max = 3\nretry-interval = [10, 20]';
  assert.equal(names({ near }), 'retry-interval retry-max');
  assert.equal(names({ near, typed: { backoff: 'linear' } }), 'backoff retry-max');
  assert.equal(names({ near, typed: { 'at-most-once': true } }), 'at-most-once');
  assert.equal(names({ near, typed: { 'at-most-once': false } }), 'at-most-once retry-interval retry-max');
  assert.equal(names({ near, env: { RQT_AT_MOST_ONCE: '1' } }), 'at-most-once');
  assert.equal(names({ near: `${near}\n[queues.default]\nat-most-once = true` }), 'at-most-once');
});

test('rivals in one section are refused with the place', () => {
  assert.throws(() => enqueueWith({ near: '[enqueue]\nretry-max = 3\nbackoff = "linear"\nretry-interval = 10' }), {
    code: 'config',
    message: /^\/near\/rqt\.toml:\d: (backoff and retry-interval|retry-interval and backoff) exclude each other/,
  });
});

test('what says nothing alone is left out', () => {
  const near = '[enqueue]\ncallback-timeout = 5\nretry-delay = 5\nbackoff = "linear"\non-parent-failure = "wait"';
  assert.deepEqual([...enqueueWith({ near }).keys()], []);
  assert.deepEqual([...enqueueWith({ near, typed: { 'on-failure': 'mail#sorry' } }).keys()], ['on-failure', 'callback-timeout']);
  assert.deepEqual([...enqueueWith({ near, typed: { 'retry-max': '2' } }).keys()], ['retry-max', 'backoff', 'retry-delay']);
  assert.deepEqual([...enqueueWith({ near, typed: { 'depends-on': ['a'] } }).keys()], ['depends-on', 'on-parent-failure']);
});

test('a value knows the variable, or the file and the line, that it comes from', () => {
  const held = enqueueWith({ near: '\n[queues.default]\n# a comment\ntimeout = "1h"\n', env: { RQT_TTL: '5' } });
  const from = (name: string) => sourceText(held.get(name)?.source ?? { kind: 'default', name: '' });
  assert.deepEqual([from('timeout'), from('ttl')], ['/near/rqt.toml:4', 'RQT_TTL']);
});

function read({ typed = {}, env = {}, near = '', user = '' }: Layers, command = 'enqueue') {
  const files = [parseConfigFile(near, '/near/rqt.toml'), parseConfigFile(user, '/user/rqt.toml')];
  return readSaid({ command, values: typed }, env, files);
}

function enqueueWith(layers: Layers) {
  return configuredFor('enqueue', read(layers));
}
