import { inflateSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { findCronTrouble, OF_CRON } from './audit-cron.ts';

/**
 * Reads every key of a namespace whose jobs have settled, and tells what is wrong with it: a job that is not in exactly one place, a key that
 * nobody owns, a lease that nobody holds, a child that nobody releases, a counter that does not count. Shares no code with rqt.
 */
export async function audit(client: Redis, prefix: string): Promise<Audit> {
  const keyspace = await readKeyspace(client, prefix);
  const jobs = await readJobs(client, keyspace);
  const problems = [
    ...(await findStrangeKeys(client, keyspace, jobs)),
    ...[...jobs.values()].flatMap(job => findMisplaced(job)),
    ...(await findUnowned(client, keyspace, jobs)),
    ...(await findStuck(client, prefix, jobs)),
    ...(await findWorkerTrouble(client, keyspace)),
    ...(await findCronTrouble(client, keyspace, jobs)),
    ...[...jobs.values()].flatMap(job => findDoubled(job)),
  ];
  return { jobs, problems };
}

/** What an audit saw. */
export interface Audit {
  readonly jobs: ReadonlyMap<string, AuditedJob>;
  readonly problems: readonly string[];
}

export interface AuditedJob {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Each list and registry that names it, as often as it does: `queue:q`, `failed:q`. */
  readonly places: readonly string[];
  readonly results: readonly Result[];
  readonly ttlMs: number;
}

export interface Result {
  /** RQ's: 1 successful, 2 failed, 3 stopped, 4 retried, 5 max retries exceeded. */
  readonly type: string;
  readonly execution: string;
  readonly error: string;
}

interface Keyspace {
  readonly prefix: string;
  /** Every key without the prefix. */
  readonly keys: readonly string[];
  readonly queues: readonly string[];
  readonly places: ReadonlyMap<string, readonly string[]>;
}

const REGISTRIES = ['wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'];

async function readKeyspace(client: Redis, prefix: string): Promise<Keyspace> {
  const keys: string[] = [];
  for await (const page of client.scanStream({ match: `${prefix}:*`, count: 1000 }) as AsyncIterable<string[]>)
    keys.push(...page.map(key => key.slice(prefix.length + 1)));
  const places = new Map<string, string[]>();
  const note = (id: string, place: string) => places.set(id, [...(places.get(id) ?? []), place]);
  const queues = new Set<string>();
  for (const key of new Set(keys)) {
    const [kind = '', queue = '', ...rest] = key.split(':');
    if (kind === 'queue' && rest.length === 0) {
      for (const id of await client.lrange(`${prefix}:${key}`, 0, -1)) note(id, key);
    } else if (REGISTRIES.includes(kind)) {
      for (const id of await client.zrange(`${prefix}:${key}`, '0', '-1')) note(id.split(':')[0] ?? '', key);
    } else continue;
    queues.add(queue);
  }
  return { prefix, keys: [...new Set(keys)].sort(), queues: [...queues], places };
}

async function readJobs(client: Redis, { prefix, keys, places }: Keyspace): Promise<Map<string, AuditedJob>> {
  const ids = keys.map(key => /^job:([^:]+)$/.exec(key)?.[1]).filter(id => id !== undefined);
  const read = async (id: string): Promise<[string, AuditedJob]> => {
    const [fields, entries, ttlMs] = await Promise.all([
      client.hgetall(`${prefix}:job:${id}`),
      client.xrange(`${prefix}:results:${id}`, '-', '+'),
      client.pttl(`${prefix}:job:${id}`),
    ]);
    return [id, { id, fields, places: places.get(id) ?? [], results: entries.map(([, flat]) => readResult(flat)), ttlMs }];
  };
  return new Map(await Promise.all(ids.map(read)));
}

function readResult(flat: readonly string[]): Result {
  const field = (name: string) => flat[flat.indexOf(name) + 1] ?? '';
  const error = flat.includes('exc_string') ? inflateSync(Buffer.from(field('exc_string'), 'base64')).toString() : '';
  return { type: field('type'), execution: flat.includes('execution_id') ? field('execution_id') : '', error };
}

const OWNED =
  /^(?:job:(?<a>[^:]+):dependents|job::(?<b>[^:]+):dependencies|(?:results|executions|rqt:output|rqt:live|rqt:children):(?<c>[^:]+)|execution:(?<d>[^:]+):[^:]+)$/;
const OF_QUEUES = /^(queues|queue:[^:]+|(wip|finished|failed|deferred|scheduled|canceled):.+)$/;
const OF_WORKERS = /^(workers|workers:.+|worker:.+)$/;
const OTHERS =
  /^(job:[^:]+|suspended|rqt:suspended:.+|rqt:expiring|rqt:releasing|rqt:overdue|rqt:once:.+|rqt:spooled:.+|groups|group:.+)$/;
/** Nothing runs: these are left over, whatever they hold. */
const ONLY_WHILE_BUSY =
  /^(queue:.+:intermediate|wip:.+|execution:.+|executions:.+|rqt:releasing|rqt:runs|rqt:callbacks:.+|[^:]+:rqt-run-[^:]+|workers|workers:.+)$/;

async function findStrangeKeys(
  client: Redis,
  { prefix, keys, places }: Keyspace,
  jobs: ReadonlyMap<string, AuditedJob>,
): Promise<string[]> {
  const problems = keys.flatMap(key => {
    if (ONLY_WHILE_BUSY.test(key)) return [`${key} is left over`];
    return [OWNED, OF_QUEUES, OF_WORKERS, OF_CRON, OTHERS].some(pattern => pattern.test(key))
      ? []
      : [`${key} is no key that is known`];
  });
  for (const [id, where] of places) if (!jobs.has(id)) problems.push(`${id} is in ${where.join(', ')} and has no hash`);
  for (const queue of await client.smembers(`${prefix}:queues`))
    if (queue.includes(':rqt-run-')) problems.push(`${queue} is left over among the queues`);
  for (const key of keys.filter(key => key.startsWith('rqt:spooled:')))
    if ((await client.ttl(`${prefix}:${key}`)) < 0) problems.push(`${key} is kept for ever`);
  for (const id of await client.zrange(`${prefix}:rqt:expiring`, '0', '-1'))
    if (jobs.get(id)?.fields.status !== 'queued') problems.push(`${id} is among those whose ttl counts, and does not wait`);
  return problems;
}

const PLACE_OF: Readonly<Record<string, string>> = {
  queued: 'queue',
  started: 'wip',
  finished: 'finished',
  failed: 'failed',
  stopped: 'failed',
  canceled: 'canceled',
  deferred: 'deferred',
  scheduled: 'scheduled',
};

function findMisplaced({ id, fields, places, results }: AuditedJob): string[] {
  const { status = '', origin = '' } = fields;
  const right = `${PLACE_OF[status]}:${origin}`;
  // A repeated job is noted as finished, too, as in RQ.
  const repeats = results.some(({ type }) => type === '1') && (status === 'queued' || status === 'scheduled');
  const counted = places.filter(place => !(repeats && place === `finished:${origin}`));
  if (fields.rqt_callback_due !== undefined) return [`${id} is ${status}, and its callback is still due`];
  return counted.length === 1 && counted[0] === right ? [] : [`${id} is ${status} and in ${places.join(', ') || 'no place'}`];
}

/** What a job owns goes with it: never without it, and never kept longer. */
async function findUnowned(client: Redis, { prefix, keys }: Keyspace, jobs: ReadonlyMap<string, AuditedJob>): Promise<string[]> {
  const owned = keys.flatMap(key => {
    const { a, b, c, d } = OWNED.exec(key)?.groups ?? {};
    const owner = a ?? b ?? c ?? d;
    return owner === undefined ? [] : [{ key, owner }];
  });
  const found = owned.map(async ({ key, owner }) => {
    const job = jobs.get(owner);
    if (!job) return [`${key} is left of a job that is gone`];
    const ttlMs = await client.pttl(`${prefix}:${key}`);
    return job.ttlMs >= 0 && ttlMs === -1 ? [`${key} is kept for ever, its job is not`] : [];
  });
  return (await Promise.all(found)).flat();
}

/** Nothing runs and nothing is due: whoever still waits must have something to wait for. */
async function findStuck(client: Redis, prefix: string, jobs: ReadonlyMap<string, AuditedJob>): Promise<string[]> {
  const suspended = (await client.keys(`${prefix}:*suspended*`)).length > 0;
  const now = Number((await client.time())[0]);
  const found = [...jobs.values()].map(async ({ id, fields, places }) => {
    if (fields.status === 'queued' && !suspended) return [`${id} still waits on its queue`];
    if (fields.status === 'started') return [`${id} is started, and nothing runs`];
    if (fields.status === 'scheduled') {
      const due = Number(await client.zscore(`${prefix}:scheduled:${fields.origin}`, id));
      return due < now ? [`${id} was due ${now - due} s ago`] : [];
    }
    if (fields.status !== 'deferred') return [];
    const parents = JSON.parse(fields.dependency_ids ?? '[]') as string[];
    const waitsFor = parents.filter(parent => (jobs.get(parent)?.fields.status ?? 'finished') !== 'finished');
    return waitsFor.length === 0 ? [`${id} is deferred (${places.join()}), and all its parents have finished`] : [];
  });
  return (await Promise.all(found)).flat();
}

async function findWorkerTrouble(client: Redis, { prefix, keys }: Keyspace): Promise<string[]> {
  const found = keys
    .filter(key => key.startsWith('worker:'))
    .map(async key => {
      const [fields, ttlMs] = await Promise.all([client.hgetall(`${prefix}:${key}`), client.pttl(`${prefix}:${key}`)]);
      // Redis has forgotten it since its key was seen.
      if (Object.keys(fields).length === 0) return [];
      if (fields.death === undefined) return [`${key} has not died: ${JSON.stringify(fields)}`];
      return ttlMs < 0 || ttlMs > 60_000 ? [`${key} is kept for ${ttlMs} ms after its death`] : [];
    });
  return (await Promise.all(found)).flat();
}

/** One execution ends once. */
function findDoubled({ id, results }: AuditedJob): string[] {
  const executions = results.map(({ execution }) => execution);
  const twice = executions.filter((execution, i) => executions.indexOf(execution) !== i);
  return twice.map(execution => `${id} has two results of execution ${execution}`);
}

/** What the workers have counted, and what of it is in the results. `given up`: by a sweep, which no worker counts. */
export async function readCounters(client: Redis, prefix: string, { jobs }: Audit) {
  const counted = { successful: 0, failed: 0 };
  for (const key of await client.keys(`${prefix}:worker:*`)) {
    counted.successful += Number((await client.hget(key, 'successful_job_count')) ?? 0);
    counted.failed += Number((await client.hget(key, 'failed_job_count')) ?? 0);
  }
  const results = [...jobs.values()]
    .flatMap(job => job.results)
    .filter(({ error }) => !/^The worker died|Its worker had died/.test(error));
  const successes = results.filter(({ type }) => type === '1').length;
  return { counted, kept: { successful: successes, failed: results.length - successes } };
}
