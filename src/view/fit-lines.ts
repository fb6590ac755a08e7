import { plural } from './count.ts';
import type { Look } from './look.ts';
import { truncate } from './width.ts';

/**
 * The lines of a picture of several paragraphs, at most `room` of them (at least 1). What does not fit is left out above the last paragraph, the
 * one that sums up, and a line says how much that is.
 */
export function fitLines(picture: string, room: number, look: Look): string[] {
  const lines = picture.split('\n');
  if (lines.length <= room) return lines;
  const endFrom = lines.lastIndexOf('') + 1;
  const end = lines.slice(endFrom);
  const shownCount = room - end.length - 1;
  if (shownCount < 0) return end.slice(-room);
  const left = lines.slice(shownCount, endFrom).filter(line => line !== '').length;
  return [...lines.slice(0, shownCount), look.colour.dim(truncate(leftText(left, look), look.width, look)), ...end];
}

function leftText(count: number, { unicode }: Look): string {
  return `${unicode ? '…' : '...'} and ${plural(count, 'more line')}: a taller window shows them, or queues by name, -Q, -W`;
}
