import assert from 'node:assert/strict';
import type { Redis } from 'ioredis';
import { checkRqKeys, readRqJob } from './rq-reader.ts';

/**
 * Whether a namespace is whole, by a reader that shares no code with rqt: every job is in the one place of its state, every place holds
 * jobs, and no key is without its owner. Fails with what is not so.
 */
export async function checkWhole(client: Redis, prefix: string): Promise<void> {
  await checkRqKeys(client, prefix);
  const all = await client.keys(`${prefix}:*`);
  const rest = (start: string) =>
    all.filter(key => key.startsWith(`${prefix}:${start}`)).map(key => key.slice(prefix.length + 1));
  const ids = rest('job:').flatMap(key => /^job:([^:]+)$/.exec(key)?.[1] ?? []);
  const places = await placesOf(client, prefix, all);
  for (const id of ids) {
    const { fields } = await readRqJob(client, prefix, id);
    const found = places.get(id) ?? [];
    const expected = placeOf(fields.status ?? '', fields.origin ?? '', found);
    // A job that is repeated stays among the finished; one that Python canceled while it ran runs on; one whose callback runs has a lease.
    const mayRun = fields.status === 'canceled' || fields.rqt_callback_due;
    const also = mayRun ? `wip:${fields.origin}` : fields.repeats_left ? `finished:${fields.origin}` : null;
    assert.deepEqual(
      found.filter(place => place === expected || place !== also),
      [expected],
      id,
    );
    places.delete(id);
  }
  assert.deepEqual([...places], [], 'places without a job');
  await checkOwners(client, prefix, { all, ids: new Set(ids) });
  await checkNames(client, prefix, all);
}

const ZSETS = ['wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'];

function placeOf(status: string, origin: string, found: readonly string[]): string {
  if (status === 'queued') return `queue:${origin}`;
  // It runs under the queue on whose list somebody has put it, which need not be its own.
  if (status === 'started') return found.find(place => place.startsWith('wip:')) ?? `wip:${origin}`;
  return `${status === 'stopped' ? 'failed' : status}:${origin}`;
}

async function placesOf(client: Redis, prefix: string, all: readonly string[]): Promise<Map<string, string[]>> {
  const places = new Map<string, string[]>();
  for (const key of all) {
    const place = key.slice(prefix.length + 1);
    const [kind = ''] = place.split(':');
    const members =
      kind === 'queue' ? await client.lrange(key, 0, -1) : ZSETS.includes(kind) ? await client.zrange(key, '0', '-1') : [];
    for (const member of members) {
      const id = kind === 'wip' ? (member.split(':')[0] ?? '') : member;
      places.set(id, [...(places.get(id) ?? []), place]);
    }
  }
  return places;
}

async function checkOwners(client: Redis, prefix: string, { all, ids }: { all: readonly string[]; ids: ReadonlySet<string> }) {
  for (const key of all) {
    const name = key.slice(prefix.length + 1);
    const owner =
      /^(?:job:([^:]+):dependents|job::([^:]+):dependencies|(?:results|executions|rqt:output|rqt:children):([^:]+)|execution:([^:]+):.+)$/
        .exec(name)
        ?.slice(1)
        .find(id => id !== undefined);
    // What Redis forgets by itself, or has forgotten since the keys were listed, may outlive its job a little.
    if (owner === undefined || (await client.ttl(key)) !== -1) continue;
    assert.ok(ids.has(owner), `${key} has no job`);
  }
  for (const key of all.filter(each => each.startsWith(`${prefix}:executions:`))) {
    const id = key.slice(`${prefix}:executions:`.length);
    for (const execution of await client.zrange(key, '0', '-1'))
      assert.equal(await client.exists(`${prefix}:execution:${id}:${execution}`), 1, `execution ${execution} of ${id}`);
  }
  for (const group of await client.smembers(`${prefix}:groups`)) {
    const members = await client.smembers(`${prefix}:group:${group}`);
    assert.ok(members.length > 0 && members.every(id => ids.has(id)), `group ${group}: ${members}`);
  }
  for (const id of ids) {
    if ((await client.hget(`${prefix}:job:${id}`, 'status')) !== 'deferred') continue;
    const parents = await client.smembers(`${prefix}:job::${id}:dependencies`);
    const unfinished = [];
    for (const parent of parents) {
      if (!ids.has(parent) || (await client.hget(`${prefix}:job:${parent}`, 'status')) === 'finished') continue;
      unfinished.push(parent);
      assert.equal(await client.sismember(`${prefix}:job:${parent}:dependents`, id), 1, `${parent} does not know ${id}`);
    }
    assert.ok(unfinished.length > 0, `${id} waits for nobody`);
  }
}

async function checkNames(client: Redis, prefix: string, all: readonly string[]): Promise<void> {
  const queues = await client.smembers(`${prefix}:queues`);
  for (const key of all) {
    const [kind = '', ...queue] = key.slice(prefix.length + 1).split(':');
    if (kind === 'queue' || ZSETS.includes(kind))
      assert.ok(queues.includes(`${prefix}:queue:${queue.join(':')}`), `${key} is of no queue`);
    if (kind === 'worker') {
      const worker = await client.hgetall(key);
      // A dead worker is forgotten after a minute, which may end between the list of keys and this look.
      if (Object.keys(worker).length === 0) continue;
      const { birth, death } = worker;
      assert.ok(birth, `${key} has no birth`);
      assert.notEqual(await client.ttl(key), -1, `${key} never expires`);
      if (!death) assert.equal(await client.sismember(`${prefix}:workers`, key), 1, `${key} is not listed`);
    }
    if (kind === 'workers') for (const worker of await client.smembers(key)) assert.equal(await client.exists(worker), 1, worker);
  }
}
