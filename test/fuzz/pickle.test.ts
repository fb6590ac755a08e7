import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { showJson } from '../../src/parse/exact-json.ts';
import * as OPCODES from '../../src/store/pickle/opcodes.ts';
import { unpickle } from '../../src/store/pickle/read.ts';
import { projectRoot } from '../helpers/rqt.ts';
import { fuzz, mutated, type Random } from './fuzz.ts';

/** Written by Python with protocols 2 to 5: plain data of every kind, and what is not plain. */
const written = readFileSync(join(projectRoot, 'test/fuzz/pickles.txt'), 'utf8')
  .trim()
  .split('\n')
  .map(line => {
    const [hex = '', name = ''] = line.split('|');
    return { name, bytes: Buffer.from(hex, 'hex') };
  });

/** Thirty lists, each twice in the next; a list that holds itself. Each costs all that is allowed, so that they are read once. */
const isBomb = (name: string) => /^(bomb|cyc)/.test(name);
const samples = written.filter(({ name }) => !isBomb(name)).map(({ bytes }) => bytes);

for (const { name, bytes } of written.filter(each => isBomb(each.name))) {
  test(`${name}, small as it is, is refused as too large`, () => {
    const found = unpickle(bytes);
    assert.match(found.kind === 'refused' ? found.why : 'it was read', /^that is too large/);
  });
}

/** Names that are known lead to nothing else. */
const REFUSED: readonly [name: RegExp, why: RegExp][] = [
  [/^attr\d/, /zoneinfo\.ZoneInfo\.no_cache/],
  [/^now/, /datetime\.datetime\.now/],
  [/^zcls/, /zoneinfo\.ZoneInfo/],
  [/^zself/, /a timezone by itself/],
  [/^alike/, /keys that only Python tells apart/],
  [/^nozone/, /zoneinfo\.ZoneInfo \.\.\/\.\.\/etc\/passwd/],
  [/^attrset/, /builtins\.set\.__class__/],
  [/^attrattr/, /builtins\.getattr\.__self__/],
  [/^attrtext/, /builtins\.getattr/],
  [/^zcall/, /a ZoneInfo/],
  [/^odargs/, /an OrderedDict/],
];
for (const [name, why] of REFUSED) {
  test(`${name.source.replace(/\W|d$/g, '')} is refused by its name`, () => {
    const found = written.filter(each => name.test(each.name)).map(({ bytes }) => unpickle(bytes));
    assert.ok(found.length > 0);
    for (const each of found) assert.match(each.kind === 'refused' ? each.why : 'it was read', why);
  });
}

test('a ZoneInfo gives each datetime the offset of its time, and an OrderedDict is a dict', () => {
  const read = (name: string) => {
    const found = unpickle(written.find(each => each.name === name)?.bytes ?? Buffer.alloc(0));
    return found.kind === 'read' ? found.value : found.why;
  };
  const times = ['2026-10-25T02:30:00+01:00', '01:02:00+00:00', '2026-01-02T00:00:00+05:30'];
  // Protocols below 4 do not keep which of two equal times it is.
  assert.deepEqual([read('zi4'), read('zi2')], [times, ['2026-10-25T02:30:00+02:00', ...times.slice(1)]]);
  for (const name of ['ozi2', 'ozi5']) assert.deepEqual(read(name), { a: new Map([[1, 2]]), b: '0001-01-01T00:00:00-04:56:02' });
});

const opcodes = Object.values(OPCODES);

fuzz({
  title: 'a pickle is read or refused, and what was read can be shown',
  inputs: 50_000,
  make: random => (random.below(3) === 0 ? program(random) : mutated(samples, random)),
  read: bytes => {
    const found = unpickle(bytes);
    if (found.kind === 'read') showJson(found.value);
  },
  show: bytes => bytes.toString('hex'),
});

/** Opcodes at random, each with some small operands: most programs go on for a while. */
function program(random: Random): Buffer {
  const parts = [Buffer.from([OPCODES.PROTO, random.pick([2, 3, 4, 5])])];
  for (let length = random.below(60); length > 0; length--) {
    parts.push(Buffer.from([random.pick(opcodes)]));
    if (random.below(2) === 0) parts.push(Buffer.alloc(random.pick([1, 2, 4, 8]), random.pick([0, 1, 2, 255])));
  }
  return Buffer.concat([...parts, Buffer.from([OPCODES.STOP])]);
}
