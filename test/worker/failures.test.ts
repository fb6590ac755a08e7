import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { openStage, taskFolder, told } from './stage.ts';

const stage = await openStage();
const { put, burst } = stage;
beforeEach(() => stage.redis.client.flushall());

const folder = stage.path('tasks');
mkdirSync(folder);
writeFileSync(join(folder, 'broken.mjs'), 'export function it() {\n  return (1;\n}\n');
writeFileSync(join(folder, 'brokents.ts'), 'export const it = (: number) => 1;\n');
writeFileSync(join(folder, 'throws.mjs'), "throw new Error('thrown while loading');\n");

const failures: [what: string, task: string, reason: RegExp][] = [
  ['throws', 'wrong#thrown', /^TypeError: thrown on purpose\n.*wrong\.js[\s\S]*cause: Error: the cause of it/],
  ['rejects', 'wrong#rejected', /^RangeError: rejected on purpose\n.*wrong\.js/],
  ['calls process.exit(3)', 'wrong#exits', /exit status 3/],
  ['calls process.exit(0)', 'wrong#exitsWell', /exit status 0/],
  ['calls process.abort()', 'wrong#aborts', /SIGABRT/],
  ['leaves a rejection unhandled', 'wrong#unhandled', /unhandled rejection: Error: nobody handled it/],
  ['throws from a timer', 'wrong#uncaught', /uncaught exception: Error: thrown from a timer/],
  ['has a syntax error in its module', 'broken#it', /SyntaxError[\s\S]*broken\.mjs/],
  ['has a syntax error in its TypeScript module', 'brokents#it', /brokents\.ts/],
  ['has a module that throws when it is loaded', 'throws#it', /thrown while loading/],
  ['has no module', 'nowhere#it', /no module "?nowhere"? in /],
  ['is not exported', 'quick#nowhere', /nowhere/],
  ['is no function', 'wrong#notAFunction', /notAFunction.*(not|no) (a )?function/],
  ['is a generator function', 'wrong#generator', /wrong\.js#generator is a generator function/],
  ['is an async generator function', 'wrong#asyncGenerator', /wrong\.js#asyncGenerator is a generator function/],
  ['lies outside the roots', '../wrong#it', /refused/],
  ['is one of Node’s own modules', 'node:fs#rmSync', /refused/],
];

for (const [what, task, reason] of failures) {
  test(`a task that ${what} fails its job with a reason; the worker lives on`, async () => {
    const id = await put(task);
    const next = await put('quick#add', { args: [1, 2] });
    const ran = await burst('--path', taskFolder, '--path', folder);
    assert.equal(ran.status, 1, ran.stderr);
    const status = await stage.status(id);
    assert.equal(status.state, 'failed');
    assert.match(status.error ?? '', reason);
    assert.equal(told(ran, /^default: Job failed/).length, 1);
    assert.equal((await stage.status(next)).result, 3);
    assert.deepEqual(await stage.places(id), ['failed:default']);
  });
}

test('a task that closes its stdout is done, and the next one has one', async () => {
  const id = await put('wrong#closesStdout');
  const next = await put('quick#say', { args: ['still here\n'] });
  const ran = await burst();
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(await stage.status(id).then(({ result, stdout }) => [result, stdout]), ['closed', 'last words\n']);
  assert.equal((await stage.status(next)).stdout, 'still here\n');
});

test('a job with a pickle payload fails with a reason that helps', async () => {
  const id = await put('mod.fn', { data: Buffer.from('\x80\x04(cuuid\nUUID\nNt.', 'latin1') });
  const next = await put('quick#nothing');
  const ran = await burst();
  assert.equal(ran.status, 1);
  assert.match(
    (await stage.status(id)).error ?? '',
    /a pickle that holds more than plain data \(uuid\.UUID\) \(pass plain data, or keep queue default for Python's workers\)/,
  );
  assert.equal((await stage.job(next)).status, 'finished');
});

for (const [what, data] of [
  ['damaged', Buffer.from('nonsense')],
  ['empty', Buffer.alloc(0)],
  ['of another shape', Buffer.from('{"a": 1}')],
] as const) {
  test(`a job whose payload is ${what} fails, and the worker lives on`, async () => {
    const id = await put('quick#nothing', { data });
    const next = await put('quick#nothing');
    assert.equal((await burst()).status, 1);
    assert.equal((await stage.job(id)).status, 'failed');
    assert.equal((await stage.job(next)).status, 'finished');
  });
}
