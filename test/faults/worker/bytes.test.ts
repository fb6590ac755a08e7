import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { parseXml } from '../../helpers/junit.ts';
import { cleanEnv, launcher } from '../../helpers/rqt.ts';
import { linesOf } from '../../helpers/space.ts';
import { openStage, taskFolder } from '../../worker/stage.ts';

/** Jobs that write what is no text, or half a character: whatever shows it is valid UTF-8, JSON and XML. */
const stage = await openStage();
const { put, redis } = stage;
beforeEach(() => redis.client.flushall());

/** What a command prints, refused where it is not valid UTF-8. */
function run(...args: string[]): { stdout: string; stderr: string } {
  const { stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], { env: cleanEnv(stage.env) });
  return { stdout: textOf(stdout), stderr: textOf(stderr) };
}

function textOf(bytes: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

test('invalid UTF-8 and halves of characters: all that rqt makes of them is valid', async () => {
  const junit = stage.path('junit.xml');
  const report = stage.path('report.jsonl');
  const json = (text: string) => linesOf(text).map(line => JSON.parse(line) as Record<string, unknown>);
  await put('trouble#bytes', { id: 'good' });
  await put('trouble#bytes', { id: 'bad', args: [true] });
  const shown = run('worker', '--burst', '--path', taskFolder, '--junit', junit, '--report', report);
  assert.match(shown.stdout, /good \| a\ufffd\ufffd$/m);
  assert.match(shown.stderr, /good ! b\ufffd$/m);
  await put('trouble#bytes', { id: 'third', args: [true] });
  const logged = run('worker', '--burst', '--path', taskFolder, '--log-format', 'json');
  json(logged.stdout + logged.stderr);

  parseXml(textOf(readFileSync(junit)));
  assert.match(textOf(readFileSync(junit)), /<system-err>b\ufffd<\/system-err>/);
  json(textOf(readFileSync(report)));
  for (const id of ['good', 'bad']) {
    const [status] = json(run('status', '--json', id).stdout);
    assert.equal(status?.stdout, 'a\ufffd\ufffd\n\ufffd');
    run('status', id);
    const texts = json(run('logs', '--json', id).stdout).map(({ stream, text }) => (stream === 'stdout' ? text : ''));
    assert.equal(texts.join(''), 'a\ufffd\ufffd\n\ufffd');
  }
  json(run('result', 'good').stdout);
  json(run('jobs', '--json').stdout);
  run('jobs');
  // For programs: byte by byte, as it was written.
  const raw = spawnSync(process.execPath, [launcher, 'logs', 'good'], { env: cleanEnv(stage.env) });
  assert.deepEqual([raw.stdout, raw.stderr], [Buffer.from('61fffe0ac3', 'hex'), Buffer.from('62e282', 'hex')]);
});
