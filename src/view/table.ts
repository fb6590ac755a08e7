import Table from 'cli-table3';
import { type Column, type FittedColumn, fitColumns, GAP_WIDTH, rowWidth } from './columns.ts';
import type { Look } from './look.ts';
import { textWidth, truncate } from './width.ts';

export type { Column } from './columns.ts';

/** Plain text, cut first and painted then (a `tail` stays whole); or something drawn to the width that the column got. */
export type Cell =
  | string
  | { readonly text: string; readonly tail?: string; readonly paint?: (text: string) => string }
  | { readonly draw: (width: number) => string; readonly paint?: (text: string) => string };

/** A table: one cell per column in each row. Cell text must be safe already (see safe.ts). */
export interface TableData {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** cli-table3 takes time quadratic in its rows: a long table is laid out in parts, whose widths are fixed anyway. */
const ROWS_PER_PART = 50;
/** Every row of a table is as wide as the widest one: a single huge text must not make a gigabyte of blanks. It is cut where no terminal cuts, too. */
const WIDEST_CELL = 1000;

/**
 * The one way to print a table: no row is wider than the look (where {@link fitsTable} says so), none wraps, no line ends in blanks. Without a
 * last line feed.
 */
export function renderTable({ columns, rows }: TableData, look: Look): string {
  const fitted = fitColumns(columns, widestOf(columns, rows), look.width);
  const lay = new StandIns();
  const head = fitted.map(({ title }) => lay.out(look.colour.dim(title), title.length));
  const body = rows.map(row => fitted.map(column => cellText(row[column.index] ?? '', column, look, lay)));
  const options = {
    colAligns: fitted.map(({ index }) => columns[index]?.align ?? 'left'),
    colWidths: fitted.map(({ width }) => width),
    chars: charsOf(look),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  };
  const lines: string[] = [];
  for (let from = 0; from === 0 || from < body.length; from += ROWS_PER_PART) {
    const table = new Table({ ...options, head: from === 0 ? head : [] });
    table.push(...body.slice(from, from + ROWS_PER_PART));
    lines.push(...table.toString().split('\n'));
  }
  return lines.map((line, index) => finish(line, index, lay, look)).join('\n');
}

/** Whether there is room for the columns that always stay; where there is none, {@link renderTable} is wider than the look. */
export function fitsTable({ columns, rows }: TableData, { width }: Look): boolean {
  return rowWidth(fitColumns(columns, widestOf(columns, rows), width)) <= width;
}

/** A light rule under the head; nothing at all in ASCII. */
function charsOf({ unicode }: Look) {
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' };
  const rule = unicode ? { mid: '─', 'mid-mid': '─'.repeat(GAP_WIDTH) } : { mid: '', 'mid-mid': '' };
  return {
    ...none,
    ...rule,
    'bottom-right': '',
    left: '',
    'left-mid': '',
    right: '',
    'right-mid': '',
    middle: ' '.repeat(GAP_WIDTH),
  };
}

function widestOf(columns: readonly Column[], rows: TableData['rows']): number[] {
  const widest = columns.map((_, index) => rows.reduce((most, row) => Math.max(most, cellWidth(row[index] ?? '')), 0));
  return widest.map(width => Math.min(width, WIDEST_CELL));
}

function cellWidth(cell: Cell): number {
  if (typeof cell === 'string') return textWidth(cell);
  return 'text' in cell ? textWidth(cell.text) + (cell.tail ?? '').length : 0;
}

function cellText(cell: Cell, { width }: FittedColumn, look: Look, lay: StandIns): string {
  const parts = typeof cell === 'string' ? { text: cell } : cell;
  const plain = 'text' in parts ? textOf(parts, width, look) : parts.draw(width);
  return lay.out(parts.paint && plain !== '' ? parts.paint(plain) : plain, textWidth(plain));
}

function textOf({ text, tail = '' }: { readonly text: string; readonly tail?: string }, width: number, look: Look): string {
  return truncate(text, Math.max(0, width - tail.length), look) + tail;
}

function finish(line: string, index: number, lay: StandIns, look: Look): string {
  const isRule = index === 1 && look.unicode;
  return isRule ? look.colour.dim(line) : lay.putBack(line.trimEnd());
}

/**
 * cli-table3 measures with a Unicode table of 2019 and would misplace (or cut) newer emoji and marks. It lays out
 * private-use stand-ins of the true width; the real text, with its colours, is put back afterwards, in the same order.
 */
class StandIns {
  readonly #texts: string[] = [];
  #next = 0;

  out(text: string, width: number): string {
    if (/^[ -~]*$/.test(text)) return text;
    if (width === 0) return '';
    this.#texts.push(text);
    return `\ue001${'\ue000'.repeat(width - 1)}`;
  }

  putBack(line: string): string {
    return line.replace(/\ue001\ue000*/g, () => this.#texts[this.#next++] ?? '');
  }
}
