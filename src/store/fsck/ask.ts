import type { Db } from '../db.ts';

/** The reply to a command on a key that holds something of another type. */
export const WRONG_TYPE = Symbol('wrong type');

type Ask = readonly [command: string, ...args: (string | number)[]];

/** How many commands are sent at once. */
const BATCH = 1000;

/** Sends reading commands together and returns their replies in order. @throws what Redis refuses, but for {@link WRONG_TYPE}. */
export async function ask(db: Db, commands: readonly Ask[]): Promise<unknown[]> {
  const replies: unknown[] = [];
  for (let from = 0; from < commands.length; from += BATCH) {
    const batch = commands.slice(from, from + BATCH).map(command => [...command]);
    for (const [error, reply] of (await db.client.pipeline(batch).exec()) ?? []) {
      if (error && !error.message.startsWith('WRONGTYPE')) throw error;
      replies.push(error ? WRONG_TYPE : reply);
    }
  }
  return replies;
}

/** Asks some commands for each item; returns each item with its replies. */
export async function askEach<T>(
  db: Db,
  items: readonly T[],
  commandsFor: (item: T) => readonly Ask[],
): Promise<{ item: T; replies: unknown[] }[]> {
  const perItem = items.map(commandsFor);
  const replies = await ask(db, perItem.flat());
  let at = 0;
  return items.map((item, i) => {
    const count = perItem[i]?.length ?? 0;
    at += count;
    return { item, replies: replies.slice(at - count, at) };
  });
}

/** The values that HMGET gave; all null for a key of another type. */
export function fieldsOf(reply: unknown): (string | null)[] {
  return Array.isArray(reply) ? (reply as (string | null)[]) : [];
}

/** A number that Redis gave as text, or null. */
export function numberOf(reply: unknown): number | null {
  return typeof reply === 'string' || typeof reply === 'number' ? Number(reply) : null;
}
