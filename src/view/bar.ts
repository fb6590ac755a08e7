import type { Look } from './look.ts';

/** `▏` to `▉`: one to seven eighths of a cell. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of `share` (0 to 1) of `width` columns; anything above 0 is visible. ASCII bars are made of `#`. */
export function renderBar(share: number, width: number, { unicode }: Pick<Look, 'unicode'>): string {
  const part = Math.min(1, Math.max(0, share));
  if (part === 0) return '';
  if (!unicode) return '#'.repeat(Math.max(1, Math.floor(part * width)));
  const eighths = Math.max(1, Math.floor(part * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

/** The count that a full bar stands for: RQ's scales (rq/cli/helpers.py get_scale), so that few jobs look few. */
export function barScale(largestCount: number): number {
  return [20, 50, 100, 200, 400, 600, 800, 1000].find(scale => largestCount <= scale) ?? largestCount;
}
