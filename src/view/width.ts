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

const LONGEST_PIECE = 256;
const HIGH_SURROGATE = /[\ud800-\udbff]/;

let segmenter: Intl.Segmenter | undefined;

/** In pieces: the segmenter takes time quadratic in its text, 14 s for 80,000 characters. A grapheme longer than a piece is cut. */
function* graphemes(text: string): Generator<{ readonly segment: string; readonly index: number }> {
  segmenter ??= new Intl.Segmenter();
  for (let from = 0; from < text.length; ) {
    // One unit more where the cut would be within a character.
    const end = from + LONGEST_PIECE;
    const piece = text.slice(from, HIGH_SURROGATE.test(text.charAt(end - 1)) ? end + 1 : end);
    const isLast = from + piece.length === text.length;
    let next = from + piece.length;
    for (const { segment, index } of segmenter.segment(piece)) {
      // The last one may go on in the next piece.
      if (!isLast && index > 0 && index + segment.length === piece.length) next = from + index;
      else yield { segment, index: from + index };
    }
    from = next;
  }
}

function graphemeWidth(grapheme: string): number {
  if (PRINTABLE_ASCII.test(grapheme)) return grapheme.length;
  if (EMOJI.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
