import assert from 'node:assert/strict';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConfigFlags, readConfig } from '../src/config.ts';
import { exitStatusOf } from '../src/errors.ts';
import { maskUrl, type RedisAddress } from '../src/redis-url.ts';

type Env = Record<string, string>;

const plain = { db: 0, username: null, password: null };

test('with nothing given the private server lives below the home directory', () => {
  assert.deepEqual(readConfig({ HOME: '/home/me' }), {
    redis: { kind: 'private', home: '/home/me/.local/state/rqt', fsync: 'always' },
    namespace: 'rq',
    connectTimeoutMs: 5000,
    answerTimeoutMs: 30_000,
    spoolFolder: readConfig({ HOME: '/home/me' }).spoolFolder,
  });
});

test('XDG_STATE_HOME moves the private server, RQT_HOME names its directory', () => {
  assert.equal(homeOf({ HOME: '/home/me', XDG_STATE_HOME: '/state' }), '/state/rqt');
  assert.equal(homeOf({ HOME: '/home/me', XDG_STATE_HOME: '/state', RQT_HOME: '/there' }), '/there');
});

test('a relative RQT_HOME starts at the working directory, a relative XDG_STATE_HOME is ignored', () => {
  assert.equal(homeOf({ RQT_HOME: 'there' }), join(process.cwd(), 'there'));
  assert.equal(homeOf({ HOME: '/home/me', XDG_STATE_HOME: 'state' }), '/home/me/.local/state/rqt');
});

test("without HOME the system's user entry tells the home directory", () => {
  assert.equal(homeOf({}), join(userInfo().homedir, '.local/state/rqt'));
  assert.equal(homeOf({ HOME: '' }), homeOf({}));
  assert.ok(homedir());
});

test('a home directory that is none is a configuration error that names RQT_HOME', () => {
  refused({ HOME: 'nowhere' }, {}, 78, /set RQT_HOME/);
});

test('a directory whose path is too long for a socket is refused', () => {
  refused({ RQT_HOME: `/${'x'.repeat(120)}` }, {}, 78, /too long.*RQT_HOME/);
  refused({ RQT_HOME: `/${'ö'.repeat(60)}` }, {}, 78, /too long.*RQT_HOME/);
});

test('the flag goes before the variables, and these go in their order; empty ones count as unset', () => {
  const env = { RQT_REDIS_URL: 'redis://a', RQ_REDIS_URL: 'redis://b', REDIS_URL: 'redis://c' };
  assert.equal(fromOf(env, { url: 'redis://flag' }), '--url redis://flag');
  assert.equal(fromOf(env), 'RQT_REDIS_URL redis://a');
  assert.equal(fromOf({ ...env, RQT_REDIS_URL: '' }), 'RQ_REDIS_URL redis://b');
  assert.equal(fromOf({ ...env, RQT_REDIS_URL: '', RQ_REDIS_URL: '' }), 'REDIS_URL redis://c');
  assert.equal(readConfig({ HOME: '/h', RQT_REDIS_URL: '', REDIS_URL: '' }).redis.kind, 'private');
});

test('a TCP URL has the defaults of redis-py', () => {
  assert.deepEqual(addressOf('redis://'), { kind: 'tcp', host: 'localhost', port: 6379, tls: null, ...plain });
  assert.deepEqual(addressOf('redis:///3'), { kind: 'tcp', host: 'localhost', port: 6379, tls: null, ...plain, db: 3 });
  assert.deepEqual(addressOf('redis://host:7000/2?db=4'), { kind: 'tcp', host: 'host', port: 7000, tls: null, ...plain, db: 4 });
  assert.deepEqual(addressOf('redis://[::1]:7000'), { kind: 'tcp', host: '::1', port: 7000, tls: null, ...plain });
});

test('user and password are decoded', () => {
  const { username, password } = addressOf('redis://me:p%40ss%2Fw@host');
  assert.deepEqual({ username, password }, { username: 'me', password: 'p@ss/w' });
  assert.equal(addressOf('redis://:secret@host').username, null);
  assert.equal(addressOf('redis://host?password=secret').password, 'secret');
});

test('rediss is TLS, and ssl_cert_reqs=none trusts any certificate', () => {
  const tls = (url: string) => Object.entries(addressOf(url)).find(([name]) => name === 'tls')?.[1];
  assert.deepEqual(tls('rediss://host'), { verify: true });
  assert.deepEqual(tls('rediss://host?ssl_cert_reqs=none'), { verify: false });
});

test('a unix socket has four spellings', () => {
  const expected = { kind: 'unix', path: '/run/redis.sock', ...plain, db: 1 };
  assert.deepEqual(addressOf('unix:///run/redis.sock?db=1'), expected);
  assert.deepEqual(addressOf('redis+unix:///run/redis.sock?db=1'), expected);
  assert.deepEqual(addressOf('redis+socket:///run/redis.sock?db=1'), expected);
  assert.deepEqual(addressOf('/run/redis.sock?db=1'), expected);
  assert.deepEqual(addressOf('unix://me:secret@/run/redis.sock'), { ...expected, db: 0, username: 'me', password: 'secret' });
  assert.equal(pathOf('unix:///with%20blank/redis.sock'), '/with blank/redis.sock');
});

const wrongUrls: Record<string, RegExp> = {
  'http://host': /'http:\/\/host' is no Redis URL: use redis:/,
  'localhost:6379': /is no Redis URL/,
  'redis:host': /is no Redis URL/,
  'redis://host:port': /is no Redis URL/,
  'redis://host:99999': /is no Redis URL/,
  'redis://host/queue': /database 'queue': it must be a number/,
  'unix:///run/redis.sock?db=one': /database 'one'/,
  'unix://redis.sock': /names no socket/,
  'unix://relative/redis.sock': /names no socket/,
  'unix:///': /names no socket/,
  'redis://:100%@host': /no escape: write %25/,
  'redis://host\nredis://other': /^\S+: [^\n]*$/,
};

for (const [url, message] of Object.entries(wrongUrls)) {
  test(`the URL ${JSON.stringify(url)} is refused, naming where it came from`, () => {
    refused({}, { url }, 64, message, /^--url: /);
    refused({ REDIS_URL: url }, {}, 78, message, /^REDIS_URL: /);
  });
}

test('an empty flag is refused: whoever gave it meant some Redis', () => {
  refused({ HOME: '/h' }, { url: '' }, 64, /^--url: /);
  refused({ HOME: '/h' }, { namespace: '' }, 64, /^--namespace: /);
});

test('a password is never shown', () => {
  assert.equal(maskUrl('redis://me:secret@host:6379/0'), 'redis://me:***@host:6379/0');
  assert.equal(maskUrl('redis://:secret@host'), 'redis://:***@host');
  assert.equal(maskUrl('redis://:sec@r/e#t@host'), 'redis://:***@host');
  assert.equal(maskUrl('me:secret@host'), 'me:***@host');
  assert.equal(maskUrl('redis:secret@host'), 'redis:***@host');
  assert.equal(maskUrl('unix:///redis.sock?password=secret&db=1'), 'unix:///redis.sock?password=***&db=1');
  assert.equal(maskUrl('redis://host:6379/0'), 'redis://host:6379/0');
  assert.equal(maskUrl('redsi/:secret@host'), '***@host');
  assert.equal(maskUrl('host/x:secret@more@host'), '***@host');
  refused({}, { url: 'redis://:sec/ret@host' }, 64, /^--url: 'redis:\/\/:\*\*\*@host' is no Redis URL/);
});

test('the namespace comes from the flag, else from RQT_NAMESPACE', () => {
  const namespace = (env: Env, flags: ConfigFlags = {}) => readConfig({ HOME: '/h', ...env }, flags).namespace;
  assert.equal(namespace({ RQT_NAMESPACE: 'mine' }), 'mine');
  assert.equal(namespace({ RQT_NAMESPACE: 'mine' }, { namespace: '{rq}' }), '{rq}');
  assert.equal(namespace({ RQT_NAMESPACE: '' }), 'rq');
  refused({ HOME: '/h', RQT_NAMESPACE: 'a b' }, {}, 78, /^RQT_NAMESPACE: 'a b' is no namespace/);
  refused({ HOME: '/h' }, { namespace: 'rq*' }, 64, /^--namespace: /);
});

test('RQT_REDIS_TIMEOUT says how long Redis may owe an answer', () => {
  assert.equal(readConfig({ HOME: '/h', RQT_REDIS_TIMEOUT: '1.5s' }).answerTimeoutMs, 1500);
  for (const wrong of ['0', '-1', 'soon'])
    refused({ HOME: '/h', RQT_REDIS_TIMEOUT: wrong }, {}, 78, /^RQT_REDIS_TIMEOUT .*; write for example/);
});

test('RQT_FSYNC relaxes the sync of writes', () => {
  const fsync = (value: string) => readConfig({ HOME: '/h', RQT_FSYNC: value }).redis;
  assert.deepEqual(fsync('everysec'), { kind: 'private', home: '/h/.local/state/rqt', fsync: 'everysec' });
  assert.deepEqual(fsync(''), { kind: 'private', home: '/h/.local/state/rqt', fsync: 'always' });
  refused({ HOME: '/h', RQT_FSYNC: 'sometimes' }, {}, 78, /^RQT_FSYNC: 'sometimes' is not one of always, everysec, no$/);
});

function homeOf(env: Env): string {
  const { redis } = readConfig(env);
  return redis.kind === 'private' ? redis.home : '';
}

function fromOf(env: Env, flags: ConfigFlags = {}): string {
  const { redis } = readConfig(env, flags);
  return redis.kind === 'url' ? `${redis.from} ${redis.url}` : '';
}

function addressOf(url: string): RedisAddress {
  const { redis } = readConfig({}, { url });
  assert.ok(redis.kind === 'url');
  return redis.address;
}

function pathOf(url: string): string {
  const address = addressOf(url);
  return address.kind === 'unix' ? address.path : '';
}

function refused(env: Env, flags: ConfigFlags, status: number, ...messages: RegExp[]): void {
  assert.throws(
    () => readConfig(env, flags),
    (error: Error) => {
      for (const message of messages) assert.match(error.message, message);
      return exitStatusOf(error) === status;
    },
  );
}
