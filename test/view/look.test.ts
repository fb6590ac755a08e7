import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookOf } from '../../src/view/look.ts';

type Env = Record<string, string>;
const tty = { isTTY: true, columns: 120 };

const levels: [what: string, stream: { isTTY?: boolean }, env: Env, level: number][] = [
  ['a terminal has colour', tty, {}, 1],
  ['a terminal of 256 colours has them', tty, { TERM: 'xterm-256color' }, 2],
  ['COLORTERM tells of true colour', tty, { COLORTERM: 'truecolor' }, 3],
  ['a pipe has none', {}, { TERM: 'xterm-256color' }, 0],
  ['NO_COLOR takes it away', tty, { NO_COLOR: '1' }, 0],
  ['an empty NO_COLOR says nothing', tty, { NO_COLOR: '' }, 1],
  ['a dumb terminal has none', tty, { TERM: 'dumb' }, 0],
  ['FORCE_COLOR gives it to a pipe', {}, { FORCE_COLOR: '1' }, 1],
  ['an empty FORCE_COLOR counts', {}, { FORCE_COLOR: '' }, 1],
  ['FORCE_COLOR=3 is true colour', {}, { FORCE_COLOR: '3' }, 3],
  ['FORCE_COLOR=0 takes it away', tty, { FORCE_COLOR: '0' }, 0],
  ['FORCE_COLOR wins over NO_COLOR', tty, { FORCE_COLOR: '1', NO_COLOR: '1' }, 1],
];
for (const [what, stream, env, level] of levels) {
  test(what, () => assert.equal(lookOf(stream, env, 0).colour.level, level));
}

const widths: [what: string, stream: { isTTY?: boolean; columns?: number }, env: Env, width: number][] = [
  ['the width is the terminal’s', tty, {}, 120],
  ['a terminal knows better than COLUMNS', tty, { COLUMNS: '40' }, 120],
  ['a terminal of no width is 80 wide', { isTTY: true, columns: 0 }, {}, 80],
  ['a terminal of no width is as wide as COLUMNS', { isTTY: true }, { COLUMNS: '100' }, 100],
  ['a pipe has no end', {}, {}, Number.POSITIVE_INFINITY],
  ['a pipe is as wide as COLUMNS', {}, { COLUMNS: '60' }, 60],
  ['COLUMNS that are no number say nothing', {}, { COLUMNS: 'wide' }, Number.POSITIVE_INFINITY],
];
for (const [what, stream, env, width] of widths) {
  test(what, () => assert.equal(lookOf(stream, env, 0).width, width));
}

const locales: [env: Env, unicode: boolean][] = [
  [{}, true],
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{ LANG: 'POSIX' }, false],
  [{ LANG: 'de_DE.ISO-8859-1@euro' }, false],
  [{ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, false],
  [{ LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, true],
];
for (const [env, unicode] of locales) {
  test(`${JSON.stringify(env)} is ${unicode ? 'Unicode' : 'ASCII'}`, () => assert.equal(lookOf(tty, env, 0).unicode, unicode));
}
