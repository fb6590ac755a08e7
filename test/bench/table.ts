import type { Aim, Row } from './bench.ts';
import { figure } from './stats.ts';

const HEAD = ['what', 'against', 'value', 'spread', 'aim', 'verdict', 'figures'];

/** All rows as text, in columns. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)));
  return lines
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellsOf({ what, against, value, unit, aim, figures }: Row): string[] {
  if (!value) return [what, against, '-', '-', '-', 'skipped', figures];
  const spread = value.low === value.high ? '' : `${figure(value.low)} to ${figure(value.high)}`;
  return [
    what,
    against,
    `${figure(value.median)} ${unit}`,
    spread,
    aim ? aimText(aim, unit) : '',
    verdict(value.median, aim),
    figures,
  ];
}

function aimText(aim: Aim, unit: string): string {
  return 'atLeast' in aim ? `>= ${figure(aim.atLeast)} ${unit}` : `<= ${figure(aim.atMost)} ${unit}`;
}

function verdict(value: number, aim: Aim | null): string {
  if (!aim) return '';
  return ('atLeast' in aim ? value >= aim.atLeast : value <= aim.atMost) ? 'met' : 'MISSED';
}
