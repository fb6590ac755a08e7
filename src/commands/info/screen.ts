import { fitLines } from '../../view/fit-lines.ts';
import { lookOf } from '../../view/look.ts';
import { textWidth } from '../../view/width.ts';
import { say } from '../shared/io.ts';

const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_ALL = '\x1b[2J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/** Where pictures are shown, one after the other. */
export interface Screen {
  show(picture: string): void;
  /** Says that the last picture is old, and why: until the next one. */
  mark(line: string): void;
  close(): void;
}

/** Pictures follow each other; why none comes is told once, on stderr. */
export function openStream(): Screen {
  let isMarked = false;
  return {
    show(picture) {
      isMarked = false;
      process.stdout.write(`${picture}\n`);
    },
    mark(line) {
      if (!isMarked) say(`rqt: ${line}`);
      isMarked = true;
    },
    close: () => {},
  };
}

/**
 * Each picture is written over the last one, line by line, in one write, so that nothing flickers. A mark is below it. A picture with more lines
 * than the terminal would scroll, and the next one would not cover it: it is made to fit.
 */
export function openTerminal(): Screen {
  let last = '';
  const draw = (mark: string) => {
    const look = lookOf(process.stdout, process.env, Date.now());
    // The cursor's line, and those of the mark.
    const others = 1 + Math.ceil(textWidth(mark) / look.width);
    const lines = fitLines(last, Math.max(1, (process.stdout.rows || 24) - others), look);
    if (mark !== '') lines.push(look.colour.yellow(mark));
    process.stdout.write(HOME + lines.map(line => `${line}${CLEAR_LINE_END}`).join('\n') + CLEAR_BELOW);
  };
  process.stdout.write(HIDE_CURSOR + CLEAR_ALL);
  return {
    show(picture) {
      last = picture;
      draw('');
    },
    mark: draw,
    close: () => process.stdout.write(`${SHOW_CURSOR}\n`),
  };
}
