import { keys } from '../keys.ts';
import { type Finding, type Target, wrongType } from './finding.ts';
import type { Content } from './key-names.ts';
import { literally, type Scan } from './scan.ts';

const PAGE = 1000;

/** Every key of the namespace, in pages. */
export async function* keyPages({ db, prefix }: Scan): AsyncGenerator<string[]> {
  const pattern = `${literally(prefix)}:*`;
  let cursor = '0';
  do {
    const [next, page] = await db.client.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
    cursor = next;
    if (page.length > 0) yield page;
  } while (cursor !== '0');
}

/** The lists of the namespace: queues, and what Python's workers have popped of them. What is no list is a finding. */
export async function listKeys({ db, prefix }: Scan): Promise<{ queues: string[]; intermediates: string[]; wrong: Finding[] }> {
  const start = keys.queue(prefix, '');
  const found = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = await db.client.scan(cursor, 'MATCH', `${literally(start)}*`, 'COUNT', PAGE);
    cursor = next;
    for (const key of page) found.add(key);
  } while (cursor !== '0');
  const lists = { queues: [] as string[], intermediates: [] as string[], wrong: [] as Finding[] };
  for (const key of found) {
    const type = await db.client.type(key);
    const queue = key.slice(start.length);
    if (type === 'none') continue;
    if (type !== 'list') lists.wrong.push(wrongType(key, 'list', `a ${type} in the place of a list`));
    // A queue may have such a name itself.
    else if (queue.endsWith(':intermediate') && !(await db.client.sismember(keys.queues(prefix), key).catch(() => 0)))
      lists.intermediates.push(queue.slice(0, -':intermediate'.length));
    else lists.queues.push(queue);
  }
  return lists;
}

/** A list's ids from its back, in pages: what is taken from the front meanwhile moves none of those behind it. */
export async function* listPages({ db }: Scan, key: string): AsyncGenerator<string[]> {
  let before: ReadonlySet<string> = new Set();
  for (let from = 0; ; from += PAGE) {
    const ids = await db.client.lrange(key, -from - PAGE, -from - 1);
    if (ids.length === 0) return;
    // What was put to the back meanwhile moves the page: the same ids are read again, but not twice in one page.
    const moved = from > 0 && ids.some(id => before.has(id)) ? overlap(before, ids) : 0;
    yield moved === 0 ? ids : ids.slice(0, ids.length - moved);
    before = new Set(ids);
    if (ids.length < PAGE) return;
  }
}

/** How many of the last ids of a page are those that the page before had first. */
function overlap(before: ReadonlySet<string>, ids: readonly string[]): number {
  let count = 0;
  while (count < ids.length && before.has(ids[ids.length - 1 - count] ?? '')) count += 1;
  return count;
}

/** What a collection holds, in pages of targets; a key of another type is a finding. */
export async function* contentPages(scan: Scan, key: string, content: Content): AsyncGenerator<Target[]> {
  const pages = content.type === 'list' ? listPages(scan, key) : memberPages(scan, key, content.type);
  for await (const members of pages) yield members.flatMap(member => targetsOf(content, member));
}

async function* memberPages({ db }: Scan, key: string, type: Exclude<Content['type'], 'list'>): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, page] = await {
      zset: () => db.client.zscan(key, cursor, 'COUNT', PAGE),
      hash: () => db.client.hscan(key, cursor, 'COUNT', PAGE),
      set: () => db.client.sscan(key, cursor, 'COUNT', PAGE),
    }[type]();
    cursor = next;
    if (page.length > 0) yield type === 'set' ? page : page.filter((_, i) => i % 2 === 0);
  } while (cursor !== '0');
}

function targetsOf(content: Content, member: string): Target[] {
  switch (content.of) {
    case 'wip': {
      const [id = '', execution = ''] = member.split(':');
      return [{ area: 'lease', queue: content.queue, id, execution }];
    }
    case 'executions':
      return [{ area: 'execution', id: content.id, execution: member }];
    case 'names':
      return [{ area: 'name', set: content.set, member, id: '' }];
    case 'group':
      return [{ area: 'name', set: 'groups', member: content.group, id: member }];
    case 'cron':
      return [{ area: 'cron', name: member }];
    case 'callbacks':
      return [{ area: 'callback', queue: content.queue, id: member }];
    case 'releasing':
      return [{ area: 'release', id: member }];
    case 'deferred':
      return [
        { area: 'entry', place: 'deferred', queue: content.queue, id: member },
        { area: 'deferred', queue: content.queue, id: member },
      ];
    default:
      return [{ area: 'entry', place: content.of, queue: content.queue, id: member }];
  }
}
