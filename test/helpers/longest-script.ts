import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestRedis } from './redis.ts';

/**
 * Runs `work` and returns how many commands the longest script ran meanwhile. The count is exact where a time is not: on a busy machine
 * Redis itself has to wait for its turn.
 */
export async function longestScript({ socket }: TestRedis, work: () => Promise<unknown>): Promise<number> {
  const monitor = connect(socket);
  let longest = 0;
  let length = 0;
  let rest = '';
  monitor.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      length = line.includes(' lua] "') ? length + 1 : 0;
      if (length > longest) longest = length;
    }
  });
  monitor.write('MONITOR\r\n');
  await once(monitor, 'data');
  try {
    await work();
  } finally {
    monitor.destroy();
  }
  return longest;
}

/**
 * No script runs more commands than this: about 8 ms of Redis's time, a million of them taking a second. A step of 200 children takes up to
 * 4,000; all 10,000 children in one step would be 100,000.
 */
export const MOST_COMMANDS = 8000;
