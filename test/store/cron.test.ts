import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cronEntries } from '../../src/store/cron/entries.ts';
import { dueCron, type Firing, fireCron, runCron } from '../../src/store/cron/firing.ts';
import { type CronDefinition, pauseCron, putCron, removeCron, resumeCron } from '../../src/store/cron/timetable.ts';
import type { Db } from '../../src/store/db.ts';
import { maintain } from '../../src/store/maintain.ts';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { checkRqKeys, readRqJob } from '../helpers/rq-reader.ts';
import { openTestDb, PLAIN } from '../helpers/store.ts';

const redis = await startRedis();
const PAST = Date.parse('2026-01-01T00:00:00Z');
const FUTURE = Date.parse('2126-01-01T00:00:00Z');

function entry(name: string, more: Partial<CronDefinition> = {}): CronDefinition {
  return {
    name,
    expression: '0 0 1 1 *',
    zone: 'UTC',
    catchUp: 'last',
    overlap: 'queue',
    call: { task: 'm#f', args: ['x'], kwargs: {} },
    description: "m#f('x')",
    options: { ...PLAIN, idsMayExist: false },
    jitter: null,
    flags: [],
    nextSlot: PAST,
    ...more,
  };
}

const firing = (id: string, more: Partial<Firing> = {}): Firing => ({
  slots: [{ slot: PAST, id, more: [] }],
  nextSlot: FUTURE,
  missed: null,
  ...more,
});

async function dueEntry(db: Db) {
  const [due] = (await dueCron(db)).entries;
  assert.ok(due, 'no entry is due');
  return due;
}

const queued = (db: Db, queue = 'default') => db.client.lrange(`${db.prefix}:queue:${queue}`, 0, -1);

test('of many workers that see the same slot one fires it', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a')]);
  const due = await dueEntry(db);
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => fireCron(db, due, firing(`job-${i}`))));
  assert.equal(all.filter(fired => fired !== null).length, 1);
  assert.equal((await queued(db)).length, 1);
  assert.deepEqual((await dueCron(db)).entries, []);
  await checkRqKeys(db.client, db.prefix);
});

test('a slot waits while the key of its queue holds something else: a job that is enqueued would be in no place', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a')]);
  await db.client.set(`${db.prefix}:queue:default`, 'no list');
  const due = await dueEntry(db);
  await assert.rejects(fireCron(db, due, firing('job')), { code: 'config' });
  assert.equal(await db.client.exists(`${db.prefix}:job:job`), 0);
  await db.client.del(`${db.prefix}:queue:default`);
  assert.deepEqual((await fireCron(db, await dueEntry(db), firing('job')))?.ids, ['job']);
  assert.deepEqual(await queued(db), ['job']);
});

test("a slot's job is one that RQ reads, with its entry and slot noted, and the entry has moved on", async () => {
  const db = await openTestDb(redis);
  const plan = { retry: { retriesLeft: 2, intervals: [10, 20] }, meta: { by: 'é' }, group: 'g' };
  const options = {
    ...PLAIN,
    queue: 'high',
    atFront: true,
    limits: { ...PLAIN.limits, ttlMs: 3_600_000, timeoutMs: 60_000 },
    plan,
  };
  await putCron(db, 'add', [entry('a', { options })]);
  await db.client.rpush(`${db.prefix}:queue:high`, 'before');
  const slots = [
    { slot: PAST, id: 'one', more: [] },
    { slot: PAST + 1000, id: 'two', more: ['retry_intervals', '[3,4]'] },
  ];
  const fired = await fireCron(db, await dueEntry(db), firing('', { slots, missed: { count: 7, slot: PAST, fired: 1 } }));
  assert.deepEqual(fired, { queue: 'high', ids: ['one', 'two'], leftOut: 0, inTheWay: '' });
  assert.deepEqual(await queued(db, 'high'), ['two', 'one', 'before']);
  const job = await readRqJob(db.client, db.prefix, 'one');
  assert.deepEqual(job.call, ['m#f', null, ['x'], {}]);
  const fields = await db.client.hgetall(`${db.prefix}:job:one`);
  assert.equal(fields.rqt_cron, `a ${PAST}`);
  assert.deepEqual(
    [fields.status, fields.timeout, fields.retries_left, fields.retry_intervals, fields.meta, fields.group_id, fields.ttl],
    ['queued', '60', '2', '[10,20]', '{"by":"é"}', 'g', '3600'],
  );
  assert.equal(await db.client.hget(`${db.prefix}:job:two`, 'retry_intervals'), '[3,4]');
  assert.deepEqual((await db.client.smembers(`${db.prefix}:group:g`)).sort(), ['one', 'two']);
  assert.equal((await db.client.zrange(`${db.prefix}:rqt:expiring`, '0', '-1')).length, 2);
  const [known] = (await cronEntries(db)).entries;
  assert.equal(known?.nextSlot, FUTURE);
  assert.equal(known?.lastSlot, PAST + 1000);
  assert.deepEqual(known?.lastJob, { id: 'two', state: 'queued' });
  assert.deepEqual(known?.missed, { slot: PAST, count: 7, fired: 1 });
});

test('a slot whose job there was already is not fired again, even by an entry that was removed and added meanwhile', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a')]);
  await fireCron(db, await dueEntry(db), firing('cron-a-1'));
  await removeCron(db, ['a']);
  await putCron(db, 'add', [entry('a')]);
  assert.deepEqual((await fireCron(db, await dueEntry(db), firing('cron-a-1')))?.ids, []);
  assert.deepEqual(await queued(db), ['cron-a-1']);
});

const CHANGED: readonly (readonly [how: string, change: (db: Db) => Promise<unknown>])[] = [
  ['was paused', db => pauseCron(db, ['a'])],
  ['was removed', db => removeCron(db, ['a'])],
  ['has another expression', db => putCron(db, 'replace', [entry('a', { expression: '0 0 2 1 *' })])],
  ['has another zone', db => putCron(db, 'replace', [entry('a', { zone: 'Europe/Berlin' })])],
  ['has another catch-up', db => putCron(db, 'replace', [entry('a', { catchUp: 'none' })])],
];
for (const [how, change] of CHANGED) {
  test(`an entry that ${how} after it was seen is not fired as it was`, async () => {
    const db = await openTestDb(redis);
    await putCron(db, 'add', [entry('a')]);
    const due = await dueEntry(db);
    await change(db);
    const before = await dumpKeys(db.client);
    assert.equal(await fireCron(db, due, firing('late')), null);
    assert.deepEqual(await dumpKeys(db.client), before);
  });
}

test('to look what is due changes nothing, and finds neither paused entries nor those of the future', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('due'), entry('paused'), entry('later', { nextSlot: FUTURE })]);
  await pauseCron(db, ['paused']);
  const before = await dumpKeys(db.client);
  const { now, entries } = await dueCron(db);
  assert.ok(Math.abs(now - Date.now()) < 60_000);
  assert.deepEqual(entries, [{ name: 'due', nextSlot: PAST, expression: '0 0 1 1 *', zone: 'UTC', catchUp: 'last', retry: '' }]);
  await cronEntries(db);
  assert.deepEqual(await dumpKeys(db.client), before);
});

test('maintenance tells when the next slot is', async () => {
  const db = await openTestDb(redis);
  assert.equal((await maintain(db, [])).nextSlotInMs, null);
  await putCron(db, 'add', [entry('later', { nextSlot: FUTURE })]);
  const inMs = (await maintain(db, [])).nextSlotInMs ?? 0;
  assert.ok(Math.abs(inMs - (FUTURE - Date.now())) < 60_000, String(inMs));
  await pauseCron(db, ['later']);
  assert.equal((await maintain(db, [])).nextSlotInMs, null);
  await putCron(db, 'add', [entry('due')]);
  assert.equal((await maintain(db, [])).nextSlotInMs, 0);
});

test('add leaves the same entry as it is and refuses another one of its name, with all that came with it', async () => {
  const db = await openTestDb(redis);
  assert.deepEqual(await putCron(db, 'add', [entry('a')]), { kind: 'put', outcomes: [['a', 'added']] });
  await fireCron(db, await dueEntry(db), firing('job'));
  assert.deepEqual(await putCron(db, 'add', [entry('a', { nextSlot: PAST + 1, flags: [['timeout', '3m']] })]), {
    kind: 'put',
    outcomes: [['a', 'same']],
  });
  assert.deepEqual(await putCron(db, 'add', [entry('b'), entry('a', { catchUp: 'all' })]), { kind: 'exists', name: 'a' });
  const { entries } = await cronEntries(db);
  assert.deepEqual(
    entries.map(({ name, nextSlot, catchUp }) => [name, nextSlot, catchUp]),
    [['a', FUTURE, 'last']],
  );
});

test('replace keeps the slots of an entry that comes at the same times, and takes the new ones of another', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a')]);
  await fireCron(db, await dueEntry(db), firing('job'));
  await putCron(db, 'replace', [entry('a', { catchUp: 'all', nextSlot: 5 })]);
  assert.equal((await cronEntries(db)).entries[0]?.nextSlot, FUTURE);
  await putCron(db, 'replace', [entry('a', { expression: '@daily', nextSlot: 6 })]);
  const [known] = (await cronEntries(db)).entries;
  assert.deepEqual([known?.nextSlot, known?.lastSlot, known?.lastJob?.id], [6, PAST, 'job']);
});

test('a paused entry that is replaced stays paused', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a')]);
  await pauseCron(db, ['a']);
  await putCron(db, 'replace', [entry('a', { expression: '@daily' })]);
  assert.deepEqual((await dueCron(db)).entries, []);
  assert.equal((await cronEntries(db)).entries[0]?.paused, true);
});

test('apply makes the entries what they are to be; a plan tells the same and changes nothing', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('gone'), entry('same'), entry('other')]);
  const wanted = [entry('new'), entry('same', { nextSlot: 9 }), entry('other', { description: 'x' })];
  const before = await dumpKeys(db.client);
  const plan = await putCron(db, 'plan', wanted);
  assert.deepEqual(await dumpKeys(db.client), before);
  const applied = await putCron(db, 'apply', wanted);
  assert.deepEqual(applied, plan);
  assert.deepEqual(applied, {
    kind: 'put',
    outcomes: [
      ['new', 'added'],
      ['same', 'same'],
      ['other', 'changed'],
      ['gone', 'removed'],
    ],
  });
  assert.deepEqual(
    (await cronEntries(db)).entries.map(({ name, nextSlot }) => [name, nextSlot]),
    [
      ['new', PAST],
      ['other', PAST],
      ['same', PAST],
    ],
  );
  const after = await dumpKeys(db.client);
  await putCron(db, 'apply', wanted);
  assert.deepEqual(await dumpKeys(db.client), after);
  await putCron(db, 'apply', []);
  assert.deepEqual(await db.client.keys(`${db.prefix}:rqt:cron*`), []);
});

test('pause, resume and remove do all they are told or nothing', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a'), entry('b')]);
  const before = await dumpKeys(db.client);
  const going = (name: string, expression = '0 0 1 1 *') => ({ name, nextSlot: FUTURE, expression, zone: 'UTC' });
  assert.deepEqual(await pauseCron(db, ['a', 'x']), { kind: 'unknown', name: 'x' });
  assert.equal(await removeCron(db, ['a', 'x']), 'x');
  assert.deepEqual(await resumeCron(db, [going('a'), going('x')]), { kind: 'unknown', name: 'x' });
  assert.deepEqual(await dumpKeys(db.client), before);
  assert.deepEqual(await pauseCron(db, ['a']), { kind: 'paused', already: [false] });
  assert.deepEqual(await pauseCron(db, ['a', 'b']), { kind: 'paused', already: [true, false] });
  assert.deepEqual(await resumeCron(db, [going('b'), going('a', '@daily')]), { kind: 'changed', name: 'a' });
  assert.deepEqual(await resumeCron(db, [going('a')]), { kind: 'paused', already: [false] });
  assert.deepEqual(await resumeCron(db, [going('a'), going('b')]), { kind: 'paused', already: [true, false] });
  assert.equal(await removeCron(db, ['a', 'b']), null);
  assert.deepEqual(await db.client.keys(`${db.prefix}:*`), []);
});

test('run enqueues now and leaves the slots', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a', { nextSlot: FUTURE })]);
  await pauseCron(db, ['a']);
  assert.deepEqual(await runCron(db, { name: 'a', id: 'now', retry: '', more: [] }), { kind: 'enqueued', queue: 'default' });
  assert.equal((await runCron(db, { name: 'a', id: 'now', retry: '', more: [] })).kind, 'taken');
  assert.equal((await runCron(db, { name: 'a', id: 'other', retry: '{}', more: [] })).kind, 'changed');
  assert.equal((await runCron(db, { name: 'b', id: 'other', retry: '', more: [] })).kind, 'unknown');
  assert.deepEqual(await queued(db), ['now']);
  const [known] = (await cronEntries(db)).entries;
  assert.deepEqual([known?.paused, known?.lastSlot, known?.lastJob], [true, null, { id: 'now', state: 'queued' }]);
});

const slotsAt = (...ids: string[]) => firing('', { slots: ids.map((id, i) => ({ slot: PAST + i, id, more: [] })) });

test('overlap skip leaves slots out while the last job is unfinished, and says which that is', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a', { overlap: 'skip' })]);
  assert.deepEqual(await fireCron(db, await dueEntry(db), { ...slotsAt('one', 'two', 'three'), nextSlot: PAST + 3 }), {
    ...{ queue: 'default', ids: ['one'], leftOut: 2, inTheWay: 'one' },
  });
  await db.client.hset(`${db.prefix}:job:one`, 'status', 'finished');
  assert.deepEqual((await fireCron(db, await dueEntry(db), firing('four')))?.ids, ['four']);
  assert.equal((await cronEntries(db)).entries[0]?.lastJob?.id, 'four');
});

test('overlap replace cancels the waiting job', async () => {
  const db = await openTestDb(redis);
  await putCron(db, 'add', [entry('a', { overlap: 'replace' })]);
  assert.deepEqual((await fireCron(db, await dueEntry(db), slotsAt('one', 'two')))?.ids, ['one', 'two']);
  assert.deepEqual(await queued(db), ['two']);
  const [status, reason] = await db.client.hmget(`${db.prefix}:job:one`, 'status', 'rqt_reason');
  assert.deepEqual([status, reason], ['canceled', 'replaced by job two']);
  await checkRqKeys(db.client, db.prefix);
});
