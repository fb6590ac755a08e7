import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { showJson } from '../../src/parse/exact-json.ts';
import * as OPCODES from '../../src/store/pickle/opcodes.ts';
import { unpickle } from '../../src/store/pickle/read.ts';
import { projectRoot } from '../helpers/rqt.ts';
import { fuzz, mutated, type Random } from './fuzz.ts';

/** Written by Python with protocols 2 to 5: plain data of every kind, and what is not plain. */
const samples = readFileSync(join(projectRoot, 'test/fuzz/pickles.txt'), 'utf8')
  .trim()
  .split('\n')
  .map(line => Buffer.from(line.split('|')[0] ?? '', 'hex'));

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
