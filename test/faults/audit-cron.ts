import type { Redis } from 'ioredis';
import type { AuditedJob } from './audit.ts';

export const OF_CRON = /^rqt:cron(:.+)?$/;

/** What is wrong with the timetable: an entry that is not whole, a slot that has come and was not fired, a job of a slot that is still to come. */
export async function findCronTrouble(
  client: Redis,
  { prefix, keys }: { readonly prefix: string; readonly keys: readonly string[] },
  jobs: ReadonlyMap<string, AuditedJob>,
): Promise<string[]> {
  const listed = await client.zrange(`${prefix}:rqt:cron`, '0', '-1');
  const kept = keys.filter(key => key.startsWith('rqt:cron:')).map(key => key.slice('rqt:cron:'.length));
  const nowMs = Number((await client.time())[0]) * 1000;
  const problems = kept.filter(name => !listed.includes(name)).map(name => `cron entry ${name} is not listed`);
  for (const name of listed) {
    const fields = await client.hgetall(`${prefix}:rqt:cron:${name}`);
    const score = await client.zscore(`${prefix}:rqt:cron`, name);
    const isRight = fields.paused === '1' ? fields.next === '' && score === 'inf' : Number(fields.next) === Number(score);
    if (!fields.expression || !isRight)
      problems.push(`cron entry ${name} has the next slot ${fields.next}, is listed for ${score}, paused: ${fields.paused}`);
    else if (Number(score) <= nowMs) problems.push(`cron entry ${name}: its slot ${score} was not fired`);
    if (fields.last_job && jobs.get(fields.last_job)?.fields.rqt_cron?.split(' ')[0] !== name)
      problems.push(`cron entry ${name}: ${fields.last_job} is not its job`);
    problems.push(...findWrongSlots(name, Number(score), jobs));
  }
  return problems;
}

function findWrongSlots(name: string, next: number, jobs: ReadonlyMap<string, AuditedJob>): string[] {
  const slots = [...jobs.values()].flatMap(({ id, fields }) => {
    const [entry, slot] = (fields.rqt_cron ?? '').split(' ');
    return entry === name && slot !== 'run' ? [{ id, slot: Number(slot) }] : [];
  });
  const idOf = (slot: number) => `cron-${name}-${new Date(slot).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  return [
    ...slots
      .filter(({ id, slot }) => id !== idOf(slot))
      .map(({ id, slot }) => `${id} is a second job of slot ${slot} of ${name}`),
    ...slots.filter(({ slot }) => slot >= next).map(({ id }) => `${id} was fired, and cron entry ${name} has not moved on`),
  ];
}
