import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const path = newFolder({
  'says.mjs': `
const GARBAGE = [null, 1, 'done', [], {}, { type: 'done' }, { type: 'request', number: 1, request: null }, { type: 'unfit', why: 1 }];
export const nothing = () => { for (const message of GARBAGE.filter(one => one?.type !== 'done')) process.send(message); return 'well'; };
export const done = () => { process.send({ type: 'done', outcome: null }); return new Promise(() => {}); };
export const well = () => 'well';
`,
});

test('whatever a task sends over the line to its worker, the worker goes on; one that says that it is over has failed', async () => {
  const space = newSpace(redis);
  const ids = [await space.enqueue('says#nothing'), await space.enqueue('says#done'), await space.enqueue('says#well')];
  const ran = await space.run(['worker', '--burst', '--path', path]);
  assert.equal(ran.status, 1, ran.stderr);
  assert.deepEqual(await Promise.all(ids.map(id => space.field(id, 'status'))), ['finished', 'failed', 'finished']);
});
