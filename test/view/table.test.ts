import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, renderTable } from '../../src/view/table.ts';
import { textWidth } from '../../src/view/width.ts';
import { look, text, uncoloured } from './looks.ts';

const columns: Column[] = [
  { title: 'name', flex: { comfortWidth: 10, leastWidth: 4 } },
  { title: 'number', shortTitle: 'no', align: 'right' },
  { title: 'extra', dropRank: 1, extra: true },
];
const rows = [
  ['a-long-name-indeed', '1', 'one'],
  ['日本語', '1,000', 'two'],
];

test('a table has a light rule under its head', () => {
  assert.equal(
    renderTable({ columns, rows }, look()),
    text(
      'name                number  extra',
      '─────────────────────────────────',
      'a-long-name-indeed       1  one',
      '日本語               1,000  two',
    ),
  );
});

test('in ASCII it has none', () => {
  assert.equal(
    renderTable({ columns, rows }, look({ unicode: false, width: 16 })),
    text('name          no', 'a-long...      1', '日本語     1,000'),
  );
});

test('with less room titles become short first', () => {
  assert.equal(renderTable({ columns, rows }, look({ width: 32 })).split('\n')[0], 'name                   no  extra');
});
test('then columns in which no row has anything give way, whatever their rank', () => {
  const sparse: Column[] = [...columns, { title: 'outcome' }, { title: 'last', dropRank: 9 }];
  const empty = rows.map(row => [...row, '', '']);
  assert.match(renderTable({ columns: sparse, rows: empty }, look({ width: 46 })), /extra {2}outcome$/m);
  const narrow = look({ width: 32 });
  assert.equal(renderTable({ columns: sparse, rows: empty }, narrow), renderTable({ columns, rows }, narrow));
  const full = rows.map(row => [...row, 'x', '']);
  assert.match(renderTable({ columns: sparse, rows: full }, look({ width: 33 })), /outcome$/m);
});
test('then long cells are cut to their comfort', () => {
  assert.equal(renderTable({ columns, rows }, look({ width: 24 })).split('\n')[2], 'a-long-na…      1  one');
});
test('then extra columns go, and cells get their room back', () => {
  assert.equal(renderTable({ columns, rows }, look({ width: 23 })).split('\n')[2], 'a-long-name-ind…      1');
});
test('then cells are cut to the least', () => {
  assert.equal(renderTable({ columns, rows }, look({ width: 11 })).split('\n')[2], 'a-l…      1');
});

test('newer emoji and marks keep the columns straight', () => {
  const names = ['👩🏽‍💻', '🫠🫨', 'ก็', 'e\u0301', 'plain', '\ue001\ue000'];
  const table = renderTable({ columns: columns.slice(0, 2), rows: names.map(name => [name, '7']) }, look());
  for (const line of table.split('\n')) assert.equal(textWidth(line), 'name   number'.length, line);
  for (const name of names) assert.ok(table.includes(name));
});

test('a cell is cut before it is painted', () => {
  const cell = { text: 'a-long-name', paint: (shown: string) => `<${shown}>` };
  assert.equal(renderTable({ columns: columns.slice(0, 1), rows: [[cell]] }, look({ width: 5 })).split('\n')[2], '<a-lo…>');
});

test('a tail outlives the cut', () => {
  const cell = { text: 'a-long-name', tail: '(!)' };
  assert.equal(renderTable({ columns: columns.slice(0, 1), rows: [[cell]] }, look({ width: 8 })).split('\n')[2], 'a-lo…(!)');
});

test('colours do not move anything', () => {
  const painted = rows.map(row => row.map(cell => ({ text: cell, paint: look({ level: 1 }).colour.red })));
  const plain = uncoloured(renderTable({ columns, rows: painted }, look({ level: 1 })));
  assert.equal(plain, renderTable({ columns, rows }, look()));
});

test('one huge text among many rows is cut, in a pipe too', () => {
  const many = Array.from({ length: 4000 }, (_, index) => [index === 7 ? 'x'.repeat(300_000) : 'short', 'b']);
  const lines = renderTable({ columns: columns.slice(0, 2), rows: many }, look({ width: Number.POSITIVE_INFINITY })).split('\n');
  assert.equal(Math.max(...lines.map(line => line.length)), 1000 + '  number'.length);
});

test('a thousand rows keep their order', () => {
  const many = Array.from({ length: 1000 }, (_, index) => [`é${index}`, String(index)]);
  const lines = renderTable({ columns: columns.slice(0, 2), rows: many }, look())
    .split('\n')
    .slice(2);
  assert.deepEqual(
    lines.map(line => line.split(/ +/)),
    many,
  );
});

test('a filling column takes what room is left, up to its bound', () => {
  const bar = { draw: (width: number) => '='.repeat(width) };
  const filling = [{ title: 'a' }, { title: '', fill: { leastWidth: 2, mostWidth: 6 } }];
  const barAt = (width: number) => renderTable({ columns: filling, rows: [['x', bar]] }, look({ width })).split('\n')[2];
  assert.deepEqual([5, 7, 80, Number.POSITIVE_INFINITY].map(barAt), ['x  ==', 'x  ====', 'x  ======', 'x  ======']);
});
