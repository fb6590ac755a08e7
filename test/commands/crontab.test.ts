import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { launcher } from '../helpers/rqt.ts';
import { newFolder, newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

/**
 * A real cron daemon, in a mount namespace of its own: it sees this file's crontab and no other, and sendmail is a script that keeps what it
 * is given. Its @reboot lines run as soon as it starts, in the environment that every other line gets.
 */
const canRun =
  process.getuid?.() === 0 &&
  spawnSync('cron', ['-?']).error === undefined &&
  spawnSync('unshare', ['-m', 'sh', '-c', 'mount --make-rprivate / && mount --bind /tmp /mnt && test -d /etc/cron.d']).status ===
    0;

test('under a real cron daemon: three times the same line make one job, and nothing is mailed but what is wrong', {
  skip: !canRun && 'needs root, cron and mount namespaces',
}, async () => {
  const redis = await startRedis();
  const space = newSpace(redis);
  const folder = newFolder({ crontab: '', sendmail: '', start: '' });
  const at = (name: string) => join(folder, name);
  for (const name of ['cron.d', 'run', 'spool', 'mails', 'bin', 'etc']) mkdirSync(at(name));
  symlinkSync(launcher, at('bin/rqt'));
  symlinkSync(process.execPath, at('bin/node'));
  const files = newFolder({
    sendmail: `#!/bin/sh\ncat > "$(mktemp ${at('mails')}/draft.XXXXXX)"\n`,
    report: [
      'MAILTO=ann@example.org',
      `PATH=${at('bin')}:/usr/local/bin:/usr/bin:/bin`,
      `RQT_REDIS_URL=${redis.url}`,
      `RQT_NAMESPACE=${space.namespace}`,
      ...Array(3).fill('@reboot root rqt enqueue --quiet --once-per 1d hello#hello'),
      `@reboot root while test -z "$(rqt jobs --json)"; do sleep 0.1; done; rqt worker --burst --quiet && touch ${at('worked')}`,
      '@reboot root rqt enqueue --quiet -q dated --description "100\\% $(date +\\%Y)" m#f',
      '@reboot root rqt enqueue --quiet --once-per 7m m#f',
      '',
    ].join('\n'),
  });
  chmodSync(join(files, 'sendmail'), 0o755);
  chmodSync(join(files, 'report'), 0o644);
  const script = [
    'set -e; mount --make-rprivate /',
    `cp ${files}/report ${at('cron.d')}/report`,
    `mount --bind ${at('cron.d')} /etc/cron.d`,
    `mount --bind ${at('crontab')} /etc/crontab`,
    `mount --bind ${at('run')} /run`,
    `mount --bind ${at('spool')} /var/spool/cron/crontabs`,
    'sendmail=$(readlink -f /usr/sbin/sendmail || true)',
    `if test -e "$sendmail"; then mount --bind ${files}/sendmail "$sendmail"; fi`,
    'exec cron -f',
  ].join('\n');
  const cron = spawn('unshare', ['-m', 'sh', '-c', script], { stdio: 'ignore' });
  after(() => cron.kill('SIGKILL'));
  const ended = new Promise(resolve => cron.once('exit', resolve));

  await until('the worker of the crontab has ended', () => existsSync(at('worked')), 60_000);
  const jobs = (queue: string) => redis.client.llen(space.key(`queue:${queue}`));
  await until('the dated job waits', async () => (await jobs('dated')) === 1, 60_000);
  assert.equal(await jobs('default'), 0);
  assert.equal(await redis.client.zcard(space.key('finished:default')), 1);
  const [dated = ''] = await redis.client.lrange(space.key('queue:dated'), 0, -1);
  assert.match((await space.field(dated, 'description')) ?? '', /^100% \d{4}$/);
  if (existsSync('/usr/sbin/sendmail')) {
    const mail = await until('the wrong line is mailed', () => readdirSync(at('mails'))[0], 60_000);
    await until('all of it', () => readFileSync(join(at('mails'), mail), 'utf8').includes('6m and 8m'), 60_000);
    assert.equal(readdirSync(at('mails')).length, 1);
  }
  cron.kill('SIGTERM');
  await ended;
});
