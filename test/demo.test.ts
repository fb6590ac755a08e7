import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanEnv, projectRoot, rqt } from './helpers/rqt.ts';
import { newFolder } from './helpers/space.ts';

test('npm start shows the main job on the private server, and ends with 0', async () => {
  const env = { RQT_HOME: newFolder() };
  try {
    const demo = spawnSync(join(projectRoot, 'bin/demo'), { env: cleanEnv(env), encoding: 'utf8', timeout: 120_000 });
    assert.equal(demo.status, 0, demo.stdout + demo.stderr);
    for (const shown of ['rqt enqueue -q demo hello#hello yangyi', 'rqt info demo', '✓ finished', '✗ failed', 'All as intended.'])
      assert.ok(demo.stdout.includes(shown), `${shown} is missing in:\n${demo.stdout}`);
  } finally {
    await rqt(['redis', 'stop'], { env });
  }
});
