import { RqtError } from '../errors.ts';
import { nearest } from '../parse/nearest.ts';
import { quote } from '../parse/quote.ts';
import { type Given, type SectionName, type Setting, variableOf } from './setting.ts';
import { SETTINGS } from './settings.ts';
import { valueOfVariable } from './value.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What the executor tells a job about itself: no settings. A job's own RQT_QUEUE is its queue. */
const OF_A_JOB = new Set(['RQT_JOB_ID', 'RQT_ATTEMPT', 'RQT_EXECUTION']);
const NO_SETTING = /^RQT_(CONFIG$|TEST_|FAILPOINT)/;

/**
 * The settings of a section that variables give; an empty variable counts as unset.
 * @throws RqtError `config` for an unknown `RQT_` variable, with the nearest known one, and for a wrong value, of whatever section.
 */
export function readEnvironment(env: Env, section: SectionName): Map<string, Given> {
  const entries = new Map<string, Given>();
  refuseUnknown(env);
  for (const setting of SETTINGS) {
    const name = setting.variables.find(variable => env[variable] && !isOfJob(variable, env));
    if (name === undefined) continue;
    const value = valueOfVariable(setting, env[name] ?? '', name);
    if (setting.section === section || setting.section === 'rqt')
      entries.set(setting.name, { value, source: { kind: 'variable', name } });
  }
  return entries;
}

function refuseUnknown(env: Env): void {
  const known = SETTINGS.flatMap(({ variables }) => variables);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('RQT_') || !env[name] || known.includes(name)) continue;
    if (isOfJob(name, env) || NO_SETTING.test(name)) continue;
    const near = nearest(name.slice(4), namesOf(SETTINGS));
    const hint = near === null ? '' : `; did you mean RQT_${near}?`;
    throw new RqtError('config', `there is no variable ${quote(name)}${hint} (see rqt config)`);
  }
}

/** Compared without what they all begin with, which would make any two of them alike. */
function namesOf(settings: readonly Setting[]): string[] {
  return [...settings.map(({ name }) => variableOf(name).slice(4)), 'REDIS_URL', 'CONFIG'];
}

function isOfJob(name: string, env: Env): boolean {
  return OF_A_JOB.has(name) || (name === 'RQT_QUEUE' && Boolean(env.RQT_JOB_ID));
}
