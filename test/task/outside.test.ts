import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type * as Task from '../../src/task.ts';
import { projectRoot } from '../helpers/rqt.ts';
import { newFolder } from '../helpers/space.ts';

const run = promisify(execFile);

const { job, Retry, Fail } = (await import(join(projectRoot, 'dist/task.js'))) as typeof Task;

test('outside a worker there is no job, and nothing happens', async () => {
  assert.deepEqual([job.id, job.queue, job.attempt, job.execution], ['', '', 0, '']);
  assert.equal(job.signal.aborted, false);
  assert.equal(await job.enqueue('mails#send', [1], { queue: 'mails' }), '');
  job.progress(0.5, 'half');
  await job.saveMeta();
});

test('outside a worker notes are there to be read and changed', () => {
  job.meta.customer = 42;
  assert.deepEqual(job.meta, { customer: 42 });
});

test('the functions of a job may be taken from it', async () => {
  const { enqueue, progress, saveMeta } = job;
  progress(1);
  await saveMeta();
  assert.equal(await enqueue('mails#send'), '');
});

test('Retry and Fail are errors with what they were given', () => {
  const retry = new Retry({ in: '30s', max: 3, because: 'closed' });
  assert.ok(retry instanceof Error);
  assert.deepEqual([retry.name, retry.message, retry.in, retry.max], ['Retry', 'closed', '30s', 3]);
  assert.deepEqual([new Retry().in, new Retry().max], [0, null]);
  assert.equal(String(new Fail('no such customer')), 'Fail: no such customer');
});

const USES_ALL = `import { type ChildOptions, Fail, type Job, job, Retry } from 'rqt/task';
export async function send(to: string, count = 1): Promise<{ id: string; n: number }> {
  const current: Job = job;
  const options: ChildOptions = { queue: 'q', id: 'i', timeout: '5m', resultTtl: 60, description: 'd', atFront: true, dependsOn: [job.id], in: '10s' };
  const id: string = await job.enqueue('mails#send', [to, { count }], options);
  const facts: string[] = [job.id, job.queue, job.execution];
  const attempt: number = current.attempt;
  job.progress(attempt / 2); job.progress(0.5, 'half');
  job.log('sent', facts, 1);
  job.meta.sent = count;
  await job.saveMeta();
  await fetch('https://example.org', { signal: job.signal });
  if (count > 1) throw new Retry({ in: '30s', max: 3, because: 'closed' });
  if (count > 2) throw new Retry();
  if (count > 3) throw new Fail('no such customer', { cause: id });
  return { id, n: attempt };
}
`;

const MISUSES = `import { job, Retry } from 'rqt/task';
// @ts-expect-error
job.id = 'other';
// @ts-expect-error
job.progress('half');
// @ts-expect-error
void job.enqueue('m#f', [], { dependOn: ['a'] });
// @ts-expect-error
void job.enqueue('m#f', { a: 1 });
// @ts-expect-error
throw new Retry({ after: 3 });
`;

test("TypeScript accepts a task that uses all of it, and refuses what is wrong, by the package's own types", async () => {
  const folder = newFolder({
    'all.ts': USES_ALL,
    'wrong.ts': MISUSES,
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        ...{ module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'], types: [] },
        ...{ strict: true, noEmit: true, skipLibCheck: false },
      },
      include: ['*.ts'],
    }),
    'package.json': '{"type":"module"}',
  });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(projectRoot, join(folder, 'node_modules', 'rqt'));
  const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
  assert.equal(stdout, '');
});

test('the packed package has the module and its types, and can be imported', async () => {
  const folder = newFolder();
  const packed = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: projectRoot });
  mkdirSync(join(folder, 'node_modules'));
  await run('tar', ['xzf', join(folder, packed.stdout.trim()), '-C', join(folder, 'node_modules')]);
  const script =
    "import { job } from 'package/task'; console.log(JSON.stringify([job.id, import.meta.resolve('package/task')]));";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  assert.match(stdout, /^\["","file:.*\/node_modules\/package\/dist\/task\.js"\]\n$/);
  const { stdout: list } = await run('tar', ['tzf', join(folder, packed.stdout.trim())]);
  assert.match(list, /^package\/dist\/task\.d\.ts$/m);
});
