import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../../helpers/redis.ts';
import { until } from '../../helpers/until.ts';
import { audit } from '../audit.ts';
import { findLost, settle } from '../matrix.ts';
import { newStage } from '../stage.ts';

/** Connections are cut and scripts forgotten, again and again, in the middle of everything. The long form goes on for ten times as many jobs. */
const ROUNDS = process.env.RQT_FAULTS === 'long' ? 50 : 5;
const PATIENT = ['--max-crashes', '1000'];

const redis = await startRedis();
const { client } = redis;

test('CLIENT KILL and SCRIPT FLUSH while jobs of all kinds run: all settle exactly once, and commands end with 0 or 69', async () => {
  const stage = newStage(redis);
  const worker = stage.start(['worker', '-j', '2', '--name', 'w', '--path', stage.path, '--grace', '0.2s']);
  await until('both slots listen', () => worker.printed.stderr.split('cleaning registries').length === 3);
  let isOver = false;
  const produce = async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const parent = `slow-${round}`;
      await enqueue('tasks#plain', '--job-id', `plain-${round}`);
      await enqueue('tasks#slow', ':100', '--job-id', parent);
      await enqueue('tasks#plain', '--job-id', `child-${round}`, '--depends-on', parent);
      await enqueue('tasks#flaky', ':1', '--job-id', `flaky-${round}`, '--retry-max', '3');
      await enqueue('tasks#plain', '--job-id', `later-${round}`, '--schedule-in', '1s');
      await enqueue('tasks#bad', '--job-id', `bad-${round}`);
      await enqueue('tasks#talks', '--job-id', `talks-${round}`);
      stage.expected.set(`talks-${round}-child`, { begun: { most: 1 } });
      await enqueueLines(`lines-${round}`);
    }
  };
  const enqueue = async (...args: string[]) => {
    const id = args[args.indexOf('--job-id') + 1] ?? '';
    const expected = { begun: { most: id.startsWith('flaky') ? 2 : 1 }, ...(id.startsWith('bad') && { states: ['failed'] }) };
    for (;;) {
      const ran = await stage.start(['enqueue', ...args, ...PATIENT, '--unique', '--result-ttl', '1d']).ended;
      // Of one that was refused as unique the first try had come through.
      stage.expected.set(id, expected);
      if (ran.status === 0) return;
      assert.equal(ran.status, 69, ran.stderr);
      assert.equal(ran.stderr.trimEnd().split('\n').length, 1, ran.stderr);
    }
  };
  const enqueueLines = async (name: string) => {
    const input = Array.from({ length: 60 }, (_, i) => `${name} ${i}\n`).join('');
    const running = stage.start(
      ['enqueue', 'tasks#plain', '--lines', '-', ...PATIENT, '--result-ttl', '1d'],
      undefined,
      undefined,
      input,
    );
    for (const id of (await running.ended).stdout.split('\n').slice(0, -1)) stage.expected.set(id, { begun: { most: 1 } });
  };
  const upset = async () => {
    let cuts = 0;
    while (!isOver) {
      for (const type of ['normal', 'pubsub']) cuts += Number(await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'));
      await client.script('FLUSH', 'SYNC');
      // Those who come back get something done before the next blow.
      await new Promise(resolve => setTimeout(resolve, 100 + Math.random() * 300));
    }
    return cuts;
  };
  const upsetting = upset();
  await produce();
  isOver = true;
  const cuts = await upsetting;
  // It hears after all that.
  for (const slot of ['w.1', 'w.2']) {
    const { status, stderr } = await stage.start(['shutdown', slot]).ended;
    assert.equal(status, 0, stderr);
  }
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.doesNotMatch(ran.stderr, /Late result dropped|Lease lost|its worker died/);
  await settle(stage);
  const seen = await audit(client, stage.db.prefix);
  assert.deepEqual([...seen.problems, ...findLost(stage, seen, 0)], []);
  assert.ok(cuts > 20, `${cuts} connections were cut`);
  console.log(`upheaval: ${cuts} connections cut, ${stage.expected.size} jobs acknowledged`);
  stage.close();
});
