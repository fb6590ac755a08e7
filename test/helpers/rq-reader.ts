import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';
import type { Redis } from 'ioredis';

/**
 * Reads what RQ reads (shared/RQ-LAYOUT.md), as strictly as RQ's Python does, and shares no code with rqt.
 */

/** A job's hash, and the 4-tuple in its `data`. */
export interface RqJob {
  readonly fields: Readonly<Record<string, string>>;
  readonly call: readonly [task: string, instance: null, args: unknown[], kwargs: Record<string, unknown>];
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;
const INTEGER = /^-?\d+$/;
const STATES = ['created', 'queued', 'started', 'finished', 'failed', 'stopped', 'canceled', 'deferred', 'scheduled'];

/** Reads one job; fails with what would break a Python reader. */
export async function readRqJob(client: Redis, prefix: string, id: string): Promise<RqJob> {
  assert.match(id, /^[A-Za-z0-9_-]+$/);
  const bytes = await client.hgetallBuffer(`${prefix}:job:${id}`);
  const data = bytes.data;
  assert.ok(data, `job ${id} has no data`);
  const fields = Object.fromEntries(
    Object.entries(bytes)
      .filter(([name]) => name !== 'data')
      .map(([name, value]) => [name, value.toString('utf8')]),
  );
  checkFields(fields);
  const call = JSON.parse(inflateSync(data).toString('utf8'));
  assert.ok(Array.isArray(call) && call.length === 4, 'data is a 4-tuple');
  return { fields, call: call as unknown as RqJob['call'] };
}

function checkFields(fields: Readonly<Record<string, string>>): void {
  const check = (name: string, isRight: (value: string) => boolean) => {
    const value = fields[name];
    if (value !== undefined) assert.ok(isRight(value), `${name} is ${JSON.stringify(value)}`);
  };
  assert.ok(STATES.includes(fields.status ?? ''), `status is ${fields.status}`);
  assert.match(fields.created_at ?? '', STAMP);
  check('enqueued_at', value => STAMP.test(value));
  for (const name of ['started_at', 'ended_at', 'last_heartbeat']) check(name, value => value === '' || STAMP.test(value));
  assert.match(fields.timeout ?? '', INTEGER);
  for (const name of ['result_ttl', 'failure_ttl', 'ttl', 'retries_left', 'repeats_left'])
    check(name, value => INTEGER.test(value));
  for (const name of ['success', 'failure', 'stopped']) check(`${name}_callback_timeout`, value => INTEGER.test(value));
  for (const name of ['enqueue_at_front', 'allow_dependency_failures']) check(name, value => value === '0' || value === '1');
  for (const name of ['dependency_ids', 'retry_intervals', 'repeat_intervals'])
    check(name, value => Array.isArray(JSON.parse(value)));
}

/** Checks every key of a namespace that RQ reads; fails with what would break it. */
export async function checkRqKeys(client: Redis, prefix: string): Promise<void> {
  for (const key of await client.smembers(`${prefix}:queues`)) {
    assert.ok(key.startsWith(`${prefix}:queue:`), `${key} in queues`);
    const queue = key.slice(`${prefix}:queue:`.length);
    for (const id of await client.lrange(key, 0, -1)) {
      const { fields } = await readRqJob(client, prefix, id);
      assert.equal(fields.origin, queue);
    }
    for (const registry of ['finished', 'failed', 'deferred', 'scheduled', 'canceled'])
      for (const id of await client.zrange(`${prefix}:${registry}:${queue}`, '0', '-1')) await readRqJob(client, prefix, id);
    for (const member of await client.zrange(`${prefix}:wip:${queue}`, '0', '-1')) await checkExecution(client, prefix, member);
  }
  for (const key of await client.smembers(`${prefix}:workers`))
    assert.ok(key.startsWith(`${prefix}:worker:`), `${key} in workers`);
  for (const key of await client.keys(`${prefix}:results:*`)) {
    for (const [, flat] of await client.xrange(key, '-', '+')) assert.match(flat[flat.indexOf('type') + 1] ?? '', /^[1-5]$/);
  }
}

async function checkExecution(client: Redis, prefix: string, member: string): Promise<void> {
  const [id = '', execution, ...more] = member.split(':');
  assert.ok(execution !== undefined && more.length === 0, `${member} in wip`);
  await readRqJob(client, prefix, id);
  const fields = await client.hgetall(`${prefix}:execution:${id}:${execution}`);
  assert.equal(fields.id, execution);
  assert.equal(fields.job_id, id);
  for (const name of ['created_at', 'last_heartbeat']) assert.match(fields[name] ?? '', /^\d+\.\d+$/);
  assert.ok(await client.zscore(`${prefix}:executions:${id}`, execution));
}
