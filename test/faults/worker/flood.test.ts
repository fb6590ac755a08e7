import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { cleanEnv, launcher } from '../../helpers/rqt.ts';
import { until } from '../../helpers/until.ts';
import { openStage, taskFolder } from '../../worker/stage.ts';

/** A job that writes without end: 1 GiB in the long form. */
const stage = await openStage();
const { put, redis } = stage;
beforeEach(() => redis.client.flushall());

const MEBIBYTES = process.env.RQT_FAULTS === 'long' ? 1024 : 96;
/** What a worker grows by at the most, whatever its jobs write. Measured: 15 MiB in a flood of 64 MiB, 50 in one of 1 GiB. */
const MOST_GROWTH_MIB = 80;
/** What a flood has written when it is held up: pipes and streams on its way hold some hundred KiB each. */
const MOST_ON_THE_WAY_MIB = 16;

test('a flood is held up by a slow reader; the worker stays small, its other slots go on, and the job ends well', {
  skip: !existsSync('/proc/self/status'),
}, async () => {
  const notes = stage.path('written');
  const worker = spawn(process.execPath, [launcher, 'worker', '-j', '2', '--path', taskFolder, 'flood', 'beside'], {
    env: cleanEnv(stage.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>(resolve => worker.once('close', resolve));
  let log = '';
  worker.stderr.setEncoding('utf8').on('data', text => {
    log += text;
  });
  const runBeside = async () => stage.untilState(await put('quick#nothing', { queue: 'beside' }), 'finished');
  const written = () => Number(existsSync(notes) ? readFileSync(notes, 'utf8') : 0) / 1024;

  await runBeside();
  const before = peakMiB(worker.pid);
  const id = await put('trouble#flood', { queue: 'flood', args: [MEBIBYTES, notes] });
  // Nobody reads the worker's standard output.
  await until('the flood is held up', async () => {
    const seen = written();
    for (let job = 0; job < 5; job++) await runBeside();
    return seen > 0 && written() === seen;
  });
  assert.ok(written() <= MOST_ON_THE_WAY_MIB, `${written()} MiB are on their way`);
  assert.equal((await stage.job(id)).status, 'started');

  let read = 0;
  worker.stdout.on('data', (chunk: Buffer) => {
    read += chunk.length;
  });
  await stage.untilState(id, 'finished');
  const growth = peakMiB(worker.pid) - before;
  assert.ok(growth <= MOST_GROWTH_MIB, `the worker grew by ${growth} MiB, from ${before}`);
  const { result, stdout, stdout_cut_bytes: cut } = await stage.status(id);
  assert.equal(result, MEBIBYTES);
  assert.ok(stdout.length <= 64 * 1024 + 200 && cut > (MEBIBYTES - 1) * 2 ** 20, `${stdout.length} kept, ${cut} cut`);
  worker.kill('SIGTERM');
  assert.equal(await ended, 0, log);
  assert.ok(read >= MEBIBYTES * 2 ** 20, `${read} bytes were read`);
});

/** The most memory that a process has had, in MiB. */
function peakMiB(pid: number | undefined): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
