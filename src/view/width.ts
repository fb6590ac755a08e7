import type { Look } from './look.ts';

/** How many terminal columns one line of text takes: wide characters and emoji two, combining marks none. No ANSI codes inside. */
export function textWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/** Text cut to `width` columns, the cut marked with `…` (`...` in ASCII); graphemes stay whole. */
export function truncate(text: string, width: number, { unicode }: Pick<Look, 'unicode'>): string {
  if (text.length <= width && PRINTABLE_ASCII.test(text)) return text;
  const ellipsis = unicode ? '…' : '...';
  const room = Math.max(0, width - ellipsis.length);
  let used = 0;
  let cutAt = 0;
  for (const { segment, index } of graphemes(text)) {
    used += graphemeWidth(segment);
    if (used <= room) cutAt = index + segment.length;
    if (used > width) return text.slice(0, cutAt) + ellipsis.slice(0, width);
  }
  return text;
}

/** Text filled up with spaces to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

const PRINTABLE_ASCII = /^[ -~]*$/;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** East Asian wide and fullwidth blocks (Unicode's EastAsianWidth W and F, by block). */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;

let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(text);
}

function graphemeWidth(grapheme: string): number {
  if (PRINTABLE_ASCII.test(grapheme)) return grapheme.length;
  if (EMOJI.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
