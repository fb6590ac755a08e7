import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launcher, projectRoot } from '../helpers/rqt.ts';
import { newFolder } from '../helpers/space.ts';
import { openLab } from '../interop/lab.ts';
import { interop } from '../interop/python.ts';

const lab = await openLab();
const { python } = lab;

/** The commands of the README's section, up to and including the one that ends Python's worker, and those after it. */
function commandsOfReadme(): readonly [string, string] {
  const section = readFileSync(join(projectRoot, 'README.md'), 'utf8').split('\n## Coming from RQ\n')[1] ?? '';
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  const [before = '', after = ''] = block.split(/(?<=^rqt shutdown .*\n)/m);
  return [before, after];
}

interop('the commands of "Coming from RQ" in the README do, in their order, what it says', async () => {
  const folder = newFolder();
  const bin = newFolder();
  writeFileSync(join(bin, 'rqt'), `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  chmodSync(join(bin, 'rqt'), 0o755);
  const PATH = `${bin}:${process.env.PATH}`;
  const follow = (commands: string) => {
    const ours = commands.replace(/^export REDIS_URL=.*$/m, `export REDIS_URL='${lab.redis.url}'`);
    const env = { PATH, REDIS_URL: lab.redis.url, RQT_CONFIG: '/dev/null', HOME: folder };
    const ran = spawnSync('sh', ['-euc', ours], { cwd: folder, env, encoding: 'utf8' });
    assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`);
    return ran;
  };

  await python.run("queue('bills').enqueue('pytasks.fail', 'the printer is on fire', job_id='bill-7')");
  await lab.burstRq('bills');
  const worker = await lab.startRq('py-thumbs', 'thumbs');
  const ended = once(worker, 'exit');
  const [before, after] = commandsOfReadme();
  const { stdout } = follow(before);
  for (const shown of [/py-thumbs/, /bill-7 .*failed/, /ValueError: the printer is on fire/, /bill-7 queued on bills/])
    assert.match(stdout, shown);
  await ended;
  assert.deepEqual(await lab.states('bill-7'), ['queued']);

  // Pickled, as programs do that say nothing, and as JSON.
  const ids = await python.run<string[]>(`
    plain = Queue('thumbs', connection=connection)
    return [plain.enqueue('shop.thumbnail', 'a.png', width=90).id, queue('thumbs').enqueue('shop.thumbnail', 'b.png').id]`);
  assert.match(follow(after).stdout, /finished/);
  assert.deepEqual(await lab.states(...ids), ['finished', 'finished']);
  const values = await python.run(
    'return [Job.fetch(pickled, connection=connection).return_value(), fetch(json_one).return_value()]',
    {
      pickled: ids[0],
      json_one: ids[1],
    },
  );
  assert.deepEqual(values, ['a.png at 90', 'b.png at 200']);
});
