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

/** Each picture is written over the last one, line by line, in one write, so that nothing flickers. A mark is below it. */
export function openTerminal(): Screen {
  let last = '';
  const draw = (lines: readonly string[]) =>
    process.stdout.write(HOME + lines.map(line => `${line}${CLEAR_LINE_END}`).join('\n') + CLEAR_BELOW);
  process.stdout.write(HIDE_CURSOR + CLEAR_ALL);
  return {
    show(picture) {
      last = picture;
      draw(fitting(picture, 1));
    },
    mark(line) {
      const { width, colour } = lookOf(process.stdout, process.env, Date.now());
      draw([...fitting(last, 1 + Math.ceil(textWidth(line) / width)), colour.yellow(line)]);
    },
    close: () => process.stdout.write(`${SHOW_CURSOR}\n`),
  };
}

/** As many lines as fit above others: a longer picture would scroll, and the next one would not cover it. */
function fitting(picture: string, others: number): string[] {
  return picture.split('\n').slice(0, Math.max(1, (process.stdout.rows || 24) - others));
}
