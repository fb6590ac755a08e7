import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';
import { runOnce, statusOf } from './scene.ts';

const redis = await startRedis();

const TYPED = `import { job } from 'rqt/task';
export const run = async (): Promise<string> => { await null; return job.id; };`;
const MODULE = `import { job } from 'rqt/task';
export const run = () => job.id;`;
const COMMON = `const { job } = require('rqt/task');
exports.run = () => job.id;`;

const helperOf = (text: string) => text.replace('run', 'id');

/** Each in a folder of its own below one task root. */
const FORMS: Readonly<Record<string, { readonly what: string; readonly files: Readonly<Record<string, string>> }>> = {
  ts: { what: 'a .ts file', files: { 't.ts': TYPED } },
  mts: { what: 'a .mts file', files: { 't.mts': TYPED } },
  mjs: { what: 'a .mjs file', files: { 't.mjs': MODULE } },
  cjs: { what: 'a .cjs file', files: { 't.cjs': COMMON } },
  js: { what: 'a .js file', files: { 't.js': COMMON } },
  jsmodule: { what: 'a .js file of a package of modules', files: { 't.js': MODULE, 'package.json': '{"type":"module"}' } },
  tsts: {
    what: 'a .ts file through a helper in TypeScript',
    files: { 't.ts': "import { id } from './helper';\nexport const run = () => id();", 'helper.ts': helperOf(MODULE) },
  },
  tsmjs: {
    what: 'a .ts file through a helper in a .mjs file',
    files: { 't.ts': "import { id } from './helper.mjs';\nexport const run = () => id();", 'helper.mjs': helperOf(MODULE) },
  },
  mjsmjs: {
    what: 'a .mjs file through a helper in a .mjs file',
    files: { 't.mjs': "import { id } from './helper.mjs';\nexport const run = () => id();", 'helper.mjs': helperOf(MODULE) },
  },
  cjsjs: {
    what: 'a .cjs file through a helper in a .js file, named without its ending',
    files: { 't.cjs': "exports.run = () => require('./helper').id();", 'helper.js': helperOf(COMMON) },
  },
  lazy: {
    what: 'a .mjs file through a helper that is imported when it is needed',
    files: { 't.mjs': "export const run = async () => (await import('./helper.mjs')).id();", 'helper.mjs': helperOf(MODULE) },
  },
};

const forms = newSpace(redis);
const idOf = new Map<string, string>();
before(async () => {
  const root = newFolder();
  for (const [name, { files }] of Object.entries(FORMS)) {
    mkdirSync(join(root, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), text);
    idOf.set(name, await forms.enqueue(`${name}/t#run`));
  }
  // Each in a fresh executor, which knows nothing of rqt/task from another form.
  await forms.run(['worker', '--burst', '--isolate', '--path', root]);
});

for (const [name, { what }] of Object.entries(FORMS)) {
  test(`rqt/task tells its job to ${what}`, async () => {
    const id = idOf.get(name) ?? '';
    const { result, error } = await statusOf(forms, id);
    assert.equal(result, id, error ?? '');
  });
}

test('a job knows its id, its queue, its attempt and its execution, also by its environment', async () => {
  const space = newSpace(redis);
  const folder = newFolder({
    't.mjs': `import { job } from 'rqt/task';
export const run = () => {
  if (job.attempt === 1) throw new Error('once more');
  const { env } = process;
  return [[job.id, job.queue, String(job.attempt), job.execution], [env.RQT_JOB_ID, env.RQT_QUEUE, env.RQT_ATTEMPT, env.RQT_EXECUTION]];
};`,
  });
  const id = await space.enqueue('t#run', '--queue', 'mails', '--retry-max', '1');
  await space.run(['worker', '--burst', '--path', folder, 'mails']);
  const status = await statusOf(space, id);
  const [known, environment] = status.result as [string[], string[]];
  assert.deepEqual(known.slice(0, 3), [id, 'mails', '2']);
  assert.deepEqual(environment, known);
  const executions = (status.attempts as unknown as { execution_id: string }[]).map(({ execution_id }) => execution_id);
  assert.equal(known[3], executions[1]);
  assert.notEqual(executions[0], executions[1]);
});

test('of two jobs in one executor each sees its own: rqt/task leaves nothing behind that would cost a new one', async () => {
  const space = newSpace(redis);
  const folder = newFolder({
    't.mjs': `import { job } from 'rqt/task';
export const run = async () => { job.progress(0.5); await job.saveMeta(); job.signal.aborted; return [job.id, process.pid]; };`,
  });
  const ids = [await space.enqueue('t#run'), await space.enqueue('t#run')];
  await space.run(['worker', '--burst', '--path', folder]);
  const [first, second] = (await Promise.all(ids.map(id => statusOf(space, id)))).map(({ result }) => result as [string, number]);
  assert.deepEqual([first?.[0], second?.[0]], ids);
  assert.equal(first?.[1], second?.[1]);
});

test('a log line is output of the job, with the time in front', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job } from 'rqt/task';
export const run = () => job.log('sent %d of', 3, { to: 'me' });`,
  );
  assert.match(status.stdout, /^\d{4}-\d\d-\d\dT[\d:.]+Z sent 3 of \{ to: 'me' \}\n$/);
});

test('the notes of --meta are there, and what is saved of them is what status shows, while the job runs and after', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job } from 'rqt/task';
export const run = async () => {
  const before = { ...job.meta };
  job.meta.sent = 3;
  delete job.meta.draft;
  await job.saveMeta();
  job.meta.unsaved = true;
  return before;
};`,
    ['--meta', 'customer=42', '--meta', 'draft:=true'],
  );
  assert.deepEqual(status.result, { customer: '42', draft: true });
  assert.deepEqual(status.meta, { customer: '42', sent: 3 });
});

test('notes that are no JSON are refused in the task, and those that were saved stay', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job } from 'rqt/task';
const message = promise => promise.then(() => 'saved', error => error.message);
export const run = async () => {
  job.meta.big = { toJSON: () => { throw new Error('no JSON of me'); } };
  const refused = [await message(job.saveMeta())];
  job.meta = 'text';
  refused.push(await message(job.saveMeta()));
  job.meta = { text: 'x'.repeat(2 ** 21) };
  refused.push(await message(job.saveMeta()));
  return refused;
};`,
    ['--meta', 'customer=42'],
  );
  const [odd = '', text = '', large = ''] = status.result as string[];
  assert.match(odd, /no JSON of me/);
  assert.match(text, /no object/);
  assert.match(large, /larger than 1024 KiB/);
  assert.deepEqual(status.meta, { customer: '42' });
});
