import type { Redis } from 'ioredis';
import { failpoint } from '../failpoint.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import around from './lua/around.lua';
import aroundEnd from './lua/around_end.lua';
import awaitScript from './lua/await.lua';
import bury from './lua/bury.lua';
import cancel from './lua/cancel.lua';
import claim from './lua/claim.lua';
import claiming from './lua/claiming.lua';
import commandScript from './lua/command.lua';
import deleteScript from './lua/delete.lua';
import dropRun from './lua/drop_run.lua';
import empty from './lua/empty.lua';
import endings from './lua/endings.lua';
import enqueue from './lua/enqueue.lua';
import enqueueSpooled from './lua/enqueue_spooled.lua';
import family from './lua/family.lua';
import forget from './lua/forget.lua';
import lapsing from './lua/lapsing.lua';
import live from './lua/live.lua';
import losing from './lua/losing.lua';
import maintain from './lua/maintain.lua';
import note from './lua/note.lua';
import noteRun from './lua/note_run.lua';
import once from './lua/once.lua';
import output from './lua/output.lua';
import overlap from './lua/overlap.lua';
import places from './lua/places.lua';
import prelude from './lua/prelude.lua';
import putBack from './lua/put_back.lua';
import register from './lua/register.lua';
import release from './lua/release.lua';
import renew from './lua/renew.lua';
import requeue from './lua/requeue.lua';
import resume from './lua/resume.lua';
import settle from './lua/settle.lua';
import settling from './lua/settling.lua';
import stop from './lua/stop.lua';
import stopping from './lua/stopping.lua';
import suspend from './lua/suspend.lua';
import suspension from './lua/suspension.lua';
import sweep from './lua/sweep.lua';
import unregister from './lua/unregister.lua';
import { tellWrongType, wrongType } from './wrong-type.ts';

/** What a script stands on: each level knows the one before it. */
const PLACES = prelude + places;
const FAMILY = PLACES + family;
/** These are also for a {@link Script} that is kept apart. */
export const ENDINGS = FAMILY + endings;
export const OVERLAP = ENDINGS + stopping + overlap;
const CLAIMING = ENDINGS + claiming;
export const SETTLING = CLAIMING + settling;
export const LOSING = SETTLING + losing;
const ENQUEUEING = OVERLAP + once;

const SCRIPTS = {
  enqueue: ENQUEUEING + enqueue,
  enqueueSpooled: `${ENQUEUEING}\nlocal function enqueue_jobs()\n${enqueue}\nend\n${enqueueSpooled}`,
  claim: CLAIMING + claim,
  settle: SETTLING + settle,
  renew: PLACES + renew,
  putBack: SETTLING + putBack,
  note: prelude + note,
  output: SETTLING + output,
  live: PLACES + live,
  await: PLACES + awaitScript,
  cancel: LOSING + stopping + cancel,
  stop: LOSING + stopping + stop,
  command: prelude + commandScript,
  suspend: prelude + suspension + suspend,
  resume: prelude + suspension + resume,
  empty: FAMILY + empty,
  requeue: FAMILY + requeue,
  delete: FAMILY + deleteScript,
  noteRun: prelude + noteRun,
  dropRun: FAMILY + lapsing + dropRun,
  sweep: LOSING + lapsing + sweep,
  forget: prelude + forget,
  release: FAMILY + release,
  bury: LOSING + bury,
  maintain: ENDINGS + maintain,
  register: PLACES + register,
  unregister: prelude + unregister,
} as const;

/** Every transition that most commands may need: one script each. */
export type ScriptName = keyof typeof SCRIPTS;
type Argument = string | number | Buffer;

/** A script that few commands need, kept apart so that the others do not load it. */
export interface Script {
  /** That of its file in lua/, in camel case: unlike that of any other. */
  readonly name: string;
  readonly lua: string;
}

/** Runs a script and returns its tagged array with strings for bytes. */
export function runScript(db: Db, script: ScriptName | Script, args: readonly Argument[]): Promise<unknown[]> {
  return run(db, scriptOf(script), '', args) as Promise<unknown[]>;
}

/** As {@link runScript}, but bytes stay bytes: payloads are binary. */
export function runScriptForBytes(db: Db, script: ScriptName | Script, args: readonly Argument[]): Promise<unknown[]> {
  return run(db, scriptOf(script), 'Buffer', args) as Promise<unknown[]>;
}

function scriptOf(script: ScriptName | Script): Script {
  return typeof script === 'string' ? { name: script, lua: SCRIPTS[script] } : script;
}

/** Which scripts a client has sent already. */
const sent = new WeakMap<Redis, Set<string>>();

async function run(db: Db, script: Script, kind: '' | 'Buffer', args: readonly Argument[]): Promise<unknown> {
  const whole = () => send(db, script, kind, args);
  return withoutWrongTypes(db, await (__FAILPOINTS__ ? runBetweenFailpoints(script.name, whole) : whole()));
}

/** What a script says of keys that hold something else is told, and is no part of its answer (around.lua). @throws RqtError `config` where it could not go on. */
function withoutWrongTypes(db: Db, reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply;
  if (String(reply[0]) === WRONG_TYPE) throw wrongType(db.where, String(reply[1]));
  const [tag, ...keys] = Array.isArray(reply.at(-1)) ? reply.pop().map(String) : [];
  if (tag === WRONG_TYPE) for (const key of keys) tellWrongType(db, key);
  return reply;
}

const WRONG_TYPE = 'wrong-type';

/** So that each may return early. */
function wrapped(lua: string): string {
  return `${around}\nlocal function script()\n${lua}\nend\n${aroundEnd}`;
}

async function runBetweenFailpoints<T>(name: string, run: () => Promise<T>): Promise<T> {
  failpoint(`${name}.before`);
  const reply = await run();
  failpoint(`${name}.after`);
  return reply;
}

/** By its text the first time: for its hash ioredis loads node:crypto, 3 ms that most commands, which send one script, need not pay. */
function send({ client, prefix }: Db, script: Script, kind: '' | 'Buffer', args: readonly Argument[]): Promise<unknown> {
  const known = sent.get(client) ?? new Set();
  if (known.has(script.name)) return command(client, script, kind)(keys.queues(prefix), prefix, ...args);
  sent.set(client, known.add(script.name));
  return client[`call${kind}`]('EVAL', wrapped(script.lua), 1, keys.queues(prefix), prefix, ...args);
}

type Command = (...args: Argument[]) => Promise<unknown>;

/** ioredis sends a script's text once a connection, then its hash, and again when Redis has forgotten it. */
function command(client: Redis, { name, lua }: Script, kind: '' | 'Buffer'): Command {
  const commands = client as unknown as Record<string, Command | undefined>;
  const method = `rqt_${name}${kind}`;
  if (!commands[method]) client.defineCommand(`rqt_${name}`, { numberOfKeys: 1, lua: wrapped(lua) });
  const found = commands[method];
  if (!found) throw new Error(`ioredis did not define ${method}`);
  return found.bind(client);
}
