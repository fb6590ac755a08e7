import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();

test('a worker removes the folders of pipes that killed ones have left behind, and nothing else', async () => {
  const { enqueue, run } = newSpace(redis);
  const temporary = newFolder();
  for (const [name, ageMs] of [
    ['rqt-pipes-killed', 3_600_000],
    ['rqt-pipes-in-use', 0],
    ['rqt-else', 3_600_000],
  ] as const) {
    mkdirSync(join(temporary, name));
    writeFileSync(join(temporary, name, 'stdout'), '');
    utimesSync(join(temporary, name), new Date(Date.now() - ageMs), new Date(Date.now() - ageMs));
  }
  await enqueue('hello#hello');
  const worker = await run(['worker', '--burst', '--quiet'], { env: { TMPDIR: temporary } });
  assert.equal(worker.status, 0, worker.stderr);
  assert.deepEqual(readdirSync(temporary).sort(), ['rqt-else', 'rqt-pipes-in-use']);
});
