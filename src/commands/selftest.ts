import { constants } from 'node:os';
import type { Command, CommandLine, Options } from '../command.ts';
import type { Config } from '../config.ts';
import { EXIT_STATUS } from '../errors.ts';
import { closeDb, failureOf, openStore, removeNamespace } from '../store/index.ts';
import { safeLine } from '../view/safe.ts';
import { playAll, type Verdict } from './selftest/play.ts';
import { keepMarked, NAMESPACE, removeDead } from './selftest/remains.ts';
import { Stage } from './selftest/stage.ts';
import { listenForInterruption } from './shared/interruption.ts';
import { configOf, print, say } from './shared/io.ts';
import { newJobId } from './shared/new-job-id.ts';

export const command: Command = {
  name: 'selftest',
  synopsis: '',
  summary: 'show that no job is lost',
  words: { min: 0, max: 0 },
  outlivesReader: true,
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document' }],
  epilogue:
    'It works in a namespace of its own (rqt-selftest-…) on your Redis, and removes it at its end; what one leaves that was killed, a later one removes. 0: every promise is kept; 1: one is broken.',
  run,
};

async function run({ options }: CommandLine): Promise<number> {
  const beganAt = performance.now();
  const config = ownConfig(options);
  const interruption = listenForInterruption();
  try {
    const db = await openStore(config);
    const stage = new Stage(db, childEnvironment(config));
    let mark: { end(): void } | undefined;
    try {
      mark = await keepMarked(db);
      await removeDead(db);
      const json = options.flag('json');
      const playing = playAll(stage, verdict => json || print(lineOf(verdict)));
      const ended = await Promise.race([playing, interruption.first]);
      if (typeof ended === 'string') {
        await stage.stop();
        await playing.catch(() => {});
        return 128 + constants.signals[ended];
      }
      return report(ended, { kills: stage.kills, seconds: Math.round(performance.now() - beganAt) / 1000, json });
    } catch (error) {
      throw failureOf(db, error);
    } finally {
      await stage.stop();
      mark?.end();
      stage.removeFolder();
      await removeNamespace(db).catch(() => say(`rqt: keys that begin with ${config.namespace}: may be left: remove them`));
      closeDb(db);
    }
  } finally {
    interruption.end();
  }
}

/** The Redis of the user, and a namespace that nobody else has. In braces where the user's own is: it is a cluster. */
function ownConfig(options: Options): Config {
  const config = configOf(options);
  const name = `${NAMESPACE}${newJobId().slice(0, 8)}`;
  return { ...config, namespace: config.namespace.includes('{') ? `{${name}}` : name };
}

/** That of the processes to be started: the same Redis, and no other setting of the user. */
function childEnvironment({ redis, namespace, connectTimeoutMs }: Config): NodeJS.ProcessEnv {
  const foreign = /^(RQT?_.*|REDIS_URL|FORCE_COLOR|GITHUB_ACTIONS)$/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    ...(redis.kind === 'url' ? { RQT_REDIS_URL: redis.url } : { RQT_HOME: redis.home, RQT_FSYNC: redis.fsync }),
    RQT_NAMESPACE: namespace,
    RQT_CONNECT_TIMEOUT: `${Math.ceil(connectTimeoutMs / 1000)}s`,
    RQT_CONFIG: '/dev/null',
  };
}

function report(
  verdicts: readonly Verdict[],
  { kills, seconds, json }: { kills: number; seconds: number; json: boolean },
): number {
  const broken = verdicts.filter(({ why }) => why.length > 0).length;
  if (json) {
    const promises = verdicts.map(({ name, text, why }) => ({ name, text, kept: why.length === 0, why }));
    print(JSON.stringify({ version: 1, kind: 'selftest', kept: broken === 0, kills, total_seconds: seconds, promises }));
  } else {
    const sum = broken === 0 ? `all ${verdicts.length} promises kept` : `${broken} of ${verdicts.length} promises BROKEN`;
    print(`${sum}; ${kills} processes killed in ${seconds.toFixed(1)} s`);
  }
  return broken === 0 ? 0 : EXIT_STATUS.no;
}

function lineOf({ text, why }: Verdict): string {
  return safeLine(why.length === 0 ? `ok      ${text}` : `BROKEN  ${text}: ${why.join('; ')}`);
}
