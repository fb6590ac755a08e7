/** A column of a table, and what may happen to it when there is too little room. */
export interface Column {
  readonly title: string;
  /** Used in its place when the table would not fit. */
  readonly shortTitle?: string;
  readonly align?: 'left' | 'right';
  /** Dropped when there is no room, lowest first; without it the column always stays. */
  readonly dropRank?: number;
  /** Dropped before another column is cut below its comfort. */
  readonly extra?: boolean;
  /** May be cut: to `comfortWidth` before an extra column is dropped, to `leastWidth` before any other is. */
  readonly flex?: { readonly comfortWidth: number; readonly leastWidth: number };
  /** Takes whatever room is left over, up to `mostWidth`. For bars. */
  readonly fill?: { readonly leastWidth: number; readonly mostWidth: number };
}

/** A column that stays: which one, how wide, under which title. Widths in terminal columns. */
export interface FittedColumn {
  readonly index: number;
  readonly width: number;
  readonly title: string;
}

/** Blank columns between two columns of a table. */
export const GAP_WIDTH = 2;

interface Plan {
  readonly column: Column;
  readonly index: number;
  readonly contentWidth: number;
  title: string;
  width: number;
}

/**
 * Chooses columns and their widths so that a row takes at most `roomWidth`. What gives way, in this order: long titles,
 * columns in which no row has anything, what is wider than its comfort, extra columns, comfort, any column with a rank. Filling columns get the room left over.
 */
export function fitColumns(columns: readonly Column[], contentWidths: readonly number[], roomWidth: number): FittedColumn[] {
  let plans = columns.map((column, index) => planOf(column, index, Math.min(contentWidths[index] ?? 0, roomWidth)));
  if (total(plans) > roomWidth) for (const plan of plans) retitle(plan, plan.column.shortTitle ?? plan.column.title);
  plans = dropEmpty(plans, roomWidth);
  plans = dropUntilFits(plans, { roomWidth, bound: 'comfortWidth', mayDrop: ({ extra }) => extra === true });
  plans = dropUntilFits(plans, { roomWidth, bound: 'leastWidth', mayDrop: () => true });
  cut(plans, roomWidth, 'comfortWidth');
  cut(plans, roomWidth, 'leastWidth');
  fill(plans, roomWidth);
  return plans.map(({ index, width, title }) => ({ index, width, title }));
}

/** How wide a row of these columns is. */
export function rowWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width + GAP_WIDTH, -GAP_WIDTH);
}

function planOf(column: Column, index: number, contentWidth: number): Plan {
  const plan = { column, index, contentWidth: column.fill?.leastWidth ?? contentWidth, title: '', width: 0 };
  retitle(plan, column.title);
  return plan;
}

function retitle(plan: Plan, title: string): void {
  plan.title = title;
  plan.width = Math.max(plan.contentWidth, title.length);
}

function total(plans: readonly Plan[], widthOf: (plan: Plan) => number = plan => plan.width): number {
  return rowWidth(plans.map(plan => ({ width: widthOf(plan) })));
}

type Bound = 'comfortWidth' | 'leastWidth';

/** From the right, until the others fit as they are. */
function dropEmpty(plans: readonly Plan[], roomWidth: number): Plan[] {
  const kept = [...plans];
  for (const plan of [...plans].reverse()) {
    if (total(kept) <= roomWidth) break;
    if (plan.contentWidth === 0 && kept.length > 1) kept.splice(kept.indexOf(plan), 1);
  }
  return kept;
}

interface Dropping {
  readonly roomWidth: number;
  readonly bound: Bound;
  readonly mayDrop: (column: Column) => boolean;
}

function dropUntilFits(plans: readonly Plan[], { roomWidth, bound, mayDrop }: Dropping): Plan[] {
  const kept = [...plans];
  const droppable = kept.filter(({ column }) => column.dropRank !== undefined && mayDrop(column));
  droppable.sort((a, b) => (b.column.dropRank ?? 0) - (a.column.dropRank ?? 0));
  while (total(kept, plan => cutWidth(plan, bound)) > roomWidth) {
    const next = droppable.pop();
    if (!next) break;
    kept.splice(kept.indexOf(next), 1);
  }
  return kept;
}

function cutWidth(plan: Plan, bound: Bound): number {
  return Math.min(plan.width, plan.column.flex?.[bound] ?? plan.width);
}

/** Takes one column of text at a time from the widest, so that several long columns share the loss. */
function cut(plans: readonly Plan[], roomWidth: number, bound: Bound): void {
  for (let excess = total(plans) - roomWidth; excess > 0; excess -= 1) {
    const widest = plans.filter(plan => plan.width > cutWidth(plan, bound)).sort((a, b) => b.width - a.width)[0];
    if (!widest) return;
    widest.width -= 1;
  }
}

function fill(plans: readonly Plan[], roomWidth: number): void {
  for (const plan of plans) {
    if (!plan.column.fill) continue;
    const spare = Math.max(0, roomWidth - total(plans));
    plan.width = Math.max(plan.width, Math.min(plan.width + spare, plan.column.fill.mostWidth));
  }
}
