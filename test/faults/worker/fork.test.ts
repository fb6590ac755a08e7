import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { cleanEnv, launcher } from '../../helpers/rqt.ts';
import { until } from '../../helpers/until.ts';
import { openStage, taskFolder, told } from '../../worker/stage.ts';

/** A machine that gives a worker no further process or file descriptor for a while. */
const stage = await openStage();
const { put, redis } = stage;
beforeEach(() => redis.client.flushall());

/** Limits of processes do not hold for root: such a worker is nobody's. */
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

const cases = [
  { error: 'EMFILE', limit: 'nofile', as: [], missing: can('prlimit', '--version') ? false : 'there is no prlimit(1)' },
  { error: 'EAGAIN', limit: 'nproc', as: NOBODY, missing: whyNotNobody() },
] as const;

for (const { error, limit, as, missing } of cases) {
  test(`a fork that fails (${error}): no job is lost or spent, it is said once, and the worker goes on`, {
    skip: missing,
  }, async () => {
    const { worker, printed, ended, setLimit } = startLimited(as, limit, '--isolate');
    await stage.untilState(await put('quick#nothing', { id: 'first' }), 'finished');
    // What it listens on for jobs is open then.
    await until('it waits', async () => /cmd=blmove/.test(String(await redis.client.client('LIST'))));
    setLimit(1);
    // The first one may find an executor that was forked ahead.
    const ids = [await put('quick#nothing'), await put('quick#nothing')];
    await until('it is said', () => /no executor could be/.test(printed.stderr));
    const id = ids[1] ?? '';
    await stage.untilState(id, 'queued');
    // Others are not kept from it, and it is no attempt.
    assert.deepEqual([await stage.places(id), (await stage.status(id)).attempt_count], [['queue:default'], 0]);
    setLimit(1024);
    for (const each of ids) await stage.untilState(each, 'finished');
    worker.kill('SIGTERM');
    assert.equal(await ended, 0, printed.stderr);
    for (const each of ids) {
      const { attempt_count: attempts, crashes } = await stage.status(each);
      assert.deepEqual([attempts, crashes], [1, 0]);
    }
    const told1 = (pattern: RegExp) => assert.equal(told(printed, pattern).length, 1, printed.stderr);
    told1(/no process or file descriptor left .*no job is taken until one can be started/);
    told1(/put back/);
    told1(/executors can be started again/);
  });

  test(`a callback for which no executor can be forked (${error}) is run as soon as one can, and its job has ended as it did`, {
    skip: missing,
  }, async () => {
    const { worker, printed, ended, setLimit } = startLimited(as, limit);
    const gate = stage.gate();
    const id = await put('slow#exitAtGate', { args: [gate.file], fields: { failure_callback_name: 'quick#nothing' } });
    await until('its task runs', async () => (await redis.client.exists(`rq:rqt:output:${id}`)) === 1);
    setLimit(1);
    gate.open();
    await until(`the job has failed; the worker said: ${printed.stderr}`, async () => (await stage.job(id)).status === 'failed');
    assert.equal((await stage.job(id)).rqt_callback_due, 'failure');
    setLimit(1024);
    await until('the callback has run', async () => (await stage.job(id)).rqt_callback_due === undefined);
    const { rqt_callback_error: flaw, rqt_attempts: attempts } = await stage.job(id);
    assert.deepEqual([flaw, attempts], [undefined, '1']);
    await stage.untilState(await put('quick#nothing'), 'finished');
    worker.kill('SIGTERM');
    assert.equal(await ended, 0, printed.stderr);
  });
}

/** A worker whose soft limit of processes or files can be set while it runs. */
function startLimited(as: readonly string[], limit: string, ...flags: string[]) {
  chmodSync(redis.dir, 0o755);
  chmodSync(redis.socket, 0o777);
  const command = [...as, process.execPath, launcher, 'worker', ...flags, '--path', taskFolder];
  const worker = spawn(command[0] ?? '', command.slice(1), { env: cleanEnv(stage.env), stdio: ['ignore', 'ignore', 'pipe'] });
  const printed = { stderr: '' };
  worker.stderr.setEncoding('utf8').on('data', text => {
    printed.stderr += text;
  });
  return {
    worker,
    printed,
    ended: new Promise<number | null>(resolve => worker.once('close', resolve)),
    setLimit: (soft: number) =>
      assert.ok(can(...as, 'prlimit', '--pid', String(worker.pid), `--${limit}=${soft}:`), 'the limit is set'),
  };
}

function can(...[command = '', ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function whyNotNobody(): string | false {
  if (process.getuid?.() !== 0) return 'only root may start a worker of another user';
  if (!can('prlimit', '--version') || !can('setpriv', '--version')) return 'there is no prlimit(1) or setpriv(1)';
  return can(...NOBODY, process.execPath, launcher, '--version') ? false : 'others may not read this checkout or this Node';
}
