import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { endWorker } from '../../helpers/busy.ts';
import { startRedis } from '../../helpers/redis.ts';
import type { Running } from '../../helpers/rqt.ts';
import { linesOf, newFolder, newSpace, type Space } from '../../helpers/space.ts';
import { noTerminal, startOnTerminal } from '../../helpers/terminal.ts';
import { until } from '../../helpers/until.ts';

const redis = await startRedis();
const path = newFolder({
  'does.mjs': `
    import { existsSync, writeFileSync } from 'node:fs';
    const untilExists = async file => { while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 10)); };
    export const both = () => { console.log('out'); console.error('err'); return { answer: 42 }; };
    export const boom = () => { console.log('before'); throw new Error('no such luck'); };
    export const lines = count => { for (let i = 0; i < count; i++) process.stdout.write(String(i).padStart(9, '0') + '\\n'); };
    export const odd = () => process.stdout.write(Buffer.from([0xff, 0x00, 0x1b, 0x5b, 0x32, 0x4a, 0x0d]));
    export const gate = async folder => { console.log('begun'); writeFileSync(folder + '/begun', ''); await untilExists(folder + '/open'); console.log('ended'); };
    export const once = async folder => { const again = existsSync(folder + '/tried'); writeFileSync(folder + '/tried', ''); if (!again) throw new Error('once more'); };
  `,
});

const startWorker = (space: Space, ...args: string[]) => space.start(['worker', '--quiet', '--path', path, ...args]);

/** With a worker beside it. */
async function withWorker<T>(space: Space, work: () => Promise<T>, ...args: string[]): Promise<T> {
  const worker = startWorker(space, ...args);
  try {
    return await work();
  } finally {
    await endWorker(worker);
  }
}

/** A gate that a job waits at, see `does#gate`. */
function newGate() {
  const folder = newFolder();
  return {
    folder,
    begun: () => until('the job has begun', () => existsSync(join(folder, 'begun')), 30_000),
    open: () => writeFileSync(join(folder, 'open'), ''),
  };
}

const idIn = ({ printed }: Running) => until('the id is told', () => /for job (\S+) on/.exec(printed.stderr)?.[1], 30_000);
const lineCount = 100_000;
const megabyte = Array.from({ length: lineCount }, (_, i) => `${String(i).padStart(9, '0')}\n`).join('');

test('what the job writes goes to stdout and stderr, and the status is 0 when it has finished', async () => {
  const space = newSpace(redis);
  const ran = await withWorker(space, () => space.run(['enqueue', 'does#both', '--wait']));
  assert.deepEqual([ran.status, ran.stdout], [0, 'out\n']);
  assert.match(ran.stderr, /^rqt: waiting for job [\w-]+ on queue default \(Ctrl-C leaves it to itself\)\nerr\n$/);
});

test('a failed job is 1, its reason and its stack are on stderr', async () => {
  const space = newSpace(redis);
  const ran = await withWorker(space, () => space.run(['enqueue', 'does#boom', '--wait', '--quiet']));
  assert.deepEqual([ran.status, ran.stdout], [1, 'before\n']);
  assert.match(
    ran.stderr,
    /^rqt: job \S+ failed: Error: no such luck \(all of it: rqt status \S+\)\n {4}at boom \(.*does\.mjs:\d+:\d+\)\n$/,
  );
});

test('the status of a shell job is that of its command, 128+n when a signal killed it', async () => {
  const space = newSpace(redis);
  const results = await withWorker(
    space,
    async () => {
      const statusOf = async (...args: string[]) => (await space.run(['enqueue', ...args, '--wait'])).status;
      return [
        await statusOf('shell#run', 'exit 7'),
        await statusOf('shell#run', 'exit 255'),
        await statusOf('shell#run', 'kill -TERM $$'),
        await statusOf('shell#run', 'true'),
        await statusOf('shell#run', 'exit 3', '--retry-max', '1', '--failure-ttl', '0'),
        await statusOf('shell#exec', 'no-such-program'),
        await statusOf('shell#run', 'exec sleep 60', '--timeout', '1'),
      ];
    },
    '--allow-shell',
    '--grace',
    '0',
  );
  assert.deepEqual(results, [7, 255, 143, 0, 3, 1, 1]);
});

test('a task that only says so has no exit status of a command, however its error reads', async () => {
  const space = newSpace(redis);
  const says = newFolder({ 'says.mjs': `export const so = () => { throw new Error('exit status 9: x'); };` });
  const ran = await withWorker(space, () => space.run(['enqueue', 'says#so', '--wait']), '--path', says);
  assert.equal(ran.status, 1);
});

test('a megabyte, written in one go, arrives to the last byte from either of two workers', async () => {
  const space = newSpace(redis);
  const others = startWorker(space, '--name', 'other');
  const [one, two] = await withWorker(space, () =>
    Promise.all([1, 2].map(() => space.run(['enqueue', 'does#lines', `:${lineCount}`, '--wait', '--quiet']))),
  );
  await endWorker(others);
  assert.deepEqual([one?.status, one?.stderr, two?.status, two?.stderr], [0, '', 0, '']);
  assert.equal(hash(one?.stdout ?? ''), hash(megabyte));
  assert.equal(hash(two?.stdout ?? ''), hash(megabyte));
});

test('bytes reach a pipe as they were written; of what is kept of the job nothing is different', async () => {
  const space = newSpace(redis);
  await withWorker(space, async () => {
    const ran = await space.run(['enqueue', 'does#odd', '--wait', '--quiet', '--job-id', 'odd']);
    assert.match(ran.stdout, /\x00\x1b\[2J\r$/);
    await space.run(['enqueue', 'does#lines', `:${lineCount}`, '--wait', '--quiet', '--job-id', 'many']);
  });
  assert.match((await space.run(['logs', 'many'])).stdout, /KiB were cut here/);
  const ttl = await redis.client.ttl(space.key('rqt:live:many'));
  assert.ok(ttl > 0 && ttl <= 60, `what was handed on is gone within a minute: ${ttl}`);
});

test('it streams while the job runs, and outlives a restart of Redis in between, with one line', async () => {
  const space = newSpace(redis);
  const gate = newGate();
  const waiting = space.start(['enqueue', 'does#gate', gate.folder, '--wait']);
  const worker = startWorker(space);
  await until('the first line is shown while the job runs', () => waiting.printed.stdout === 'begun\n', 30_000);
  await redis.client.save();
  await redis.kill();
  await until('the loss is told', () => /was lost; trying again/.test(waiting.printed.stderr), 30_000);
  await redis.start();
  gate.open();
  const ran = await waiting.ended;
  assert.deepEqual([ran.status, ran.stdout], [0, 'begun\nended\n']);
  assert.equal(ran.stderr.match(/was lost/g)?.length, 1);
  await endWorker(worker);
});

test('a job that is tried again has not ended: the last attempt counts', async () => {
  const space = newSpace(redis);
  const folder = newFolder();
  const ran = await withWorker(space, () => space.run(['enqueue', 'does#once', folder, '--wait', '--quiet', '--retry-max', '1']));
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
});

test('a job that is not kept is kept for a minute, so that its end is seen', async () => {
  const space = newSpace(redis);
  const [good, bad] = await withWorker(
    space,
    async () => [
      await space.run(['enqueue', 'does#both', '--job-id', 'good', '--wait', '--quiet']),
      await space.run(['enqueue', 'does#boom', '--job-id', 'bad', '--wait', '--quiet', '--failure-ttl', '0']),
    ],
    '--result-ttl',
    '0',
  );
  assert.deepEqual([good?.status, good?.stdout, bad?.status, bad?.stdout], [0, 'out\n', 1, 'before\n']);
  for (const id of ['good', 'bad']) {
    const ttl = await redis.client.ttl(space.key(`job:${id}`));
    assert.ok(ttl > 0 && ttl <= 60, `${id} is kept for ${ttl} s`);
  }
});

test('--json prints JSON lines: the job, what it writes, its end with status and result', async () => {
  const space = newSpace(redis);
  const [good, bad] = await withWorker(
    space,
    async () => [
      await space.run(['enqueue', 'does#both', '--wait', '--json']),
      await space.run(['enqueue', 'shell#run', 'exit 4', '--wait', '--json']),
    ],
    '--allow-shell',
  );
  const documents = linesOf(good?.stdout ?? '').map(line => JSON.parse(line));
  assert.deepEqual(
    documents.map(({ kind }) => kind),
    ['enqueued', 'output', 'output', 'job_end'],
  );
  const { id } = documents[0];
  assert.deepEqual(documents[3], {
    ...{ version: 1, kind: 'job_end', id, state: 'finished', exit_status: 0, error: null, result_absent: null },
    result: { answer: 42 },
  });
  const end = JSON.parse(linesOf(bad?.stdout ?? '').at(-1) ?? '');
  assert.deepEqual([end.state, end.exit_status, bad?.status], ['failed', 4, 4]);
});

test('--wait-timeout over is 75, the job goes on, and a line says how to follow and cancel it', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'does#both', '--wait', '--wait-timeout', '0.2s', '--job-id', 'j', '--quiet']);
  assert.deepEqual([ran.status, ran.stdout], [75, '']);
  assert.equal(
    ran.stderr,
    'rqt: the time is over; job j is queued and is left to itself (follow: rqt logs -f j · cancel: rqt cancel j)\n',
  );
  assert.equal(await space.field('j', 'status'), 'queued');
});

test('a queue that no worker serves is told once', async () => {
  const space = newSpace(redis);
  const waiting = space.start(['enqueue', 'does#both', '-q', 'lonely', '--wait']);
  await until('it is told', () => /no worker serves queue lonely now/.test(waiting.printed.stderr), 30_000);
  await space.run(['worker', '--burst', '--quiet', '--path', path, 'lonely']);
  assert.deepEqual([(await waiting.ended).status, waiting.printed.stdout], [0, 'out\n']);
});

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} detaches with ${status}: the job goes on, and a line says how to follow or cancel it`, async () => {
    const space = newSpace(redis);
    const waiting = space.start(['enqueue', 'does#both', '--wait']);
    const id = await idIn(waiting);
    waiting.child.kill(signal);
    const ran = await waiting.ended;
    assert.equal(ran.status, status);
    assert.ok(ran.stderr.endsWith(`rqt: job ${id} goes on (follow: rqt logs -f ${id} · cancel: rqt cancel ${id})\n`), ran.stderr);
    assert.equal(await space.field(id, 'status'), 'queued');
  });
}

test('Ctrl-C at a terminal detaches, too', { skip: noTerminal }, async () => {
  const space = newSpace(redis);
  const enqueue = startOnTerminal(['enqueue', 'does#both', '--wait'], space.env);
  await until('it waits', () => /waiting for job/.test(enqueue.shown));
  enqueue.type('\x03');
  assert.equal(await enqueue.ended, 130);
  assert.match(enqueue.shown, /goes on \(follow/);
  assert.equal(await redis.client.llen(space.key('queue:default')), 1);
});

test('--cancel-on-interrupt cancels a waiting job and stops a running one, and waits until it has ended', async () => {
  const space = newSpace(redis);
  const queued = space.start(['enqueue', 'does#both', '--wait', '--cancel-on-interrupt']);
  const queuedId = await idIn(queued);
  queued.child.kill('SIGINT');
  assert.equal((await queued.ended).status, 130);
  assert.equal(await space.field(queuedId, 'status'), 'canceled');

  const gate = newGate();
  const running = space.start(['enqueue', 'does#gate', gate.folder, '--wait', '--cancel-on-interrupt']);
  const worker = startWorker(space, '--grace', '0');
  await gate.begun();
  const id = await idIn(running);
  running.child.kill('SIGINT');
  const ran = await running.ended;
  assert.equal(ran.status, 130);
  assert.match(ran.stderr, /canceling job .*\n.* was stopped: /s);
  assert.equal(await space.field(id, 'status'), 'stopped');
  await endWorker(worker);
});

test('a reader that goes away ends it; the job goes on', async () => {
  const space = newSpace(redis);
  const gate = newGate();
  const waiting = space.start(['enqueue', 'does#gate', gate.folder, '--wait']);
  const id = await idIn(waiting);
  waiting.child.stdout?.destroy();
  await withWorker(space, async () => {
    assert.equal((await waiting.ended).status, 141);
    gate.open();
    await until('the job has finished', async () => (await space.field(id, 'status')) === 'finished', 30_000);
  });
});

test('--job-id and --unique wait for the unfinished job of that id', async () => {
  const space = newSpace(redis);
  const gate = newGate();
  await space.enqueue('does#gate', gate.folder, '--job-id', 'j');
  const waiting = space.start(['enqueue', 'does#gate', gate.folder, '--job-id', 'j', '--wait']);
  await idIn(waiting);
  const worker = startWorker(space);
  await gate.begun();
  const late = space.start(['enqueue', 'does#gate', gate.folder, '--job-id', 'j', '--unique', '--wait']);
  await until(
    'it waits for the one that runs',
    () => /job j is started; nothing was enqueued, it is waited for/.test(late.printed.stderr),
    30_000,
  );
  gate.open();
  for (const ran of [await waiting.ended, await late.ended]) assert.deepEqual([ran.status, ran.stdout], [0, 'begun\nended\n']);
  await endWorker(worker);
});

test('--once-per waits for the job that the slot has already, also when that has ended', async () => {
  const space = newSpace(redis);
  const enqueue = () => space.run(['enqueue', 'shell#run', 'exit 5', '--once-per', '1d', '--wait']);
  const [first, second] = await withWorker(space, async () => [await enqueue(), await enqueue()], '--allow-shell');
  assert.deepEqual([first?.status, second?.status], [5, 5]);
  assert.match(second?.stderr ?? '', /is failed; nothing was enqueued, it is waited for/);
});

test('a job that is canceled while it waits is 1, one that is deleted is 66', async () => {
  const space = newSpace(redis);
  const end = async (command: string) => {
    const waiting = space.start(['enqueue', 'does#both', '--wait']);
    await space.run([command, await idIn(waiting)]);
    return waiting.ended;
  };
  const canceled = await end('cancel');
  assert.equal(canceled.status, 1);
  assert.match(canceled.stderr, /was canceled: canceled by a user/);
  const deleted = await end('delete');
  assert.equal(deleted.status, 66);
  assert.match(deleted.stderr, /is gone: it was deleted, or Redis lost it/);
});

test('what makes no sense together is 64, and nothing is enqueued', async () => {
  const space = newSpace(redis);
  for (const flags of [
    ['--wait-timeout', '5'],
    ['--cancel-on-interrupt'],
    ['--wait', '--lines', '-'],
    ['--wait', '--wait-timeout', 'soon'],
  ]) {
    assert.equal((await space.run(['enqueue', 'does#both', ...flags])).status, 64, flags.join(' '));
  }
  assert.deepEqual(await space.keys(), []);
});

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
