import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Output } from '../../src/store/claim.ts';
import { OutputCursor, type OutputPiece } from '../../src/store/output.ts';
import { Capture } from '../../src/worker/capture.ts';

/** The stream of entries as Redis keeps it. */
class Kept {
  entries: { id: string; chunk: Output['chunks'][number] }[] = [];
  #serial = 0;

  readonly keep = async ({ chunks, dropped }: Output): Promise<string[]> => {
    const added = chunks.map(chunk => ({ id: String(++this.#serial), chunk: { ...chunk, bytes: Buffer.from(chunk.bytes) } }));
    this.entries = [...this.entries, ...added].filter(({ id }) => !dropped.includes(id));
    return added.map(({ id }) => id);
  };

  bytes(stream: string): number {
    return this.#of(stream).reduce((sum, { chunk }) => sum + chunk.bytes.length, 0);
  }

  /** What a reader makes of it. */
  pieces(stream: string, cursor = new OutputCursor()): OutputPiece[] {
    return this.#of(stream).flatMap(({ id, chunk }) => cursor.read(rawEntry(id, chunk)));
  }

  #of(stream: string) {
    return this.entries.filter(({ chunk }) => chunk.stream === stream);
  }
}

function rawEntry(id: string, { stream, offset, bytes }: Output['chunks'][number]): [Buffer, Buffer[]] {
  const fields = ['x', 'e1', 's', stream === 'stdout' ? '1' : '2', 'o', String(offset), 't'];
  return [Buffer.from(id), [...fields.map(field => Buffer.from(field)), bytes]];
}

function textOf(pieces: readonly OutputPiece[]): string {
  return Buffer.concat(pieces.map(({ bytes }) => bytes)).toString('utf8');
}

const HALF = 32 * 1024;

test('what is written little by little is kept whole, in few entries', async () => {
  const capture = new Capture();
  const kept = new Kept();
  for (let i = 0; i < 2000; i++) {
    capture.add('stdout', Buffer.from('.'));
    await capture.flush(kept.keep);
  }
  assert.equal(textOf(kept.pieces('stdout')), '.'.repeat(2000));
  assert.ok(kept.entries.length <= 5, `${kept.entries.length} entries`);
});

test('two streams that take turns keep their order until there are many entries', async () => {
  const capture = new Capture();
  const kept = new Kept();
  for (let i = 0; i < 2000; i++) {
    capture.add(i % 2 === 0 ? 'stdout' : 'stderr', Buffer.from(String(i % 10)));
    await capture.flush(kept.keep);
    if (i === 99) assert.deepEqual(kept.entries.map(({ chunk }) => String(chunk.bytes)).join(''), '0123456789'.repeat(10));
  }
  assert.equal(textOf(kept.pieces('stdout')), '02468'.repeat(200));
  assert.equal(textOf(kept.pieces('stderr')), '13579'.repeat(200));
  assert.ok(kept.entries.length < 600, `${kept.entries.length} entries`);
});

test('one flush of a flood keeps its beginning and its end', async () => {
  const capture = new Capture();
  const kept = new Kept();
  const all = Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`).join('');
  for (let at = 0; at < all.length; at += 60_000) capture.add('stdout', Buffer.from(all.slice(at, at + 60_000)));
  await capture.flush(kept.keep);
  checkEnds(all, kept);
});

test('of many flushes the first 32 KiB stay, and a window of 28 to 32 KiB over the end moves', async () => {
  const random = newRandom(7);
  const capture = new Capture();
  const kept = new Kept();
  let all = '';
  for (let i = 0; i < 400; i++) {
    const chunk = `${i}:${'ä€😀x'.repeat(random(i % 50 === 0 ? 9000 : 150))}\n`;
    const bytes = Buffer.from(chunk);
    const cut = random(bytes.length);
    all += chunk;
    capture.add('stdout', bytes.subarray(0, cut));
    if (random(3) === 0) await capture.flush(kept.keep);
    // What could not be kept comes with the next flush.
    if (random(5) === 0) await capture.flush(() => Promise.reject(new Error('OOM'))).catch(() => {});
    capture.add('stdout', bytes.subarray(cut));
    assert.ok(kept.bytes('stdout') <= 2 * HALF, `${kept.bytes('stdout')} bytes`);
  }
  await kept.keep(await capture.takeRest());
  checkEnds(all, kept);
});

test('a reader who follows gets each byte once, and is told of each that it missed', async () => {
  const random = newRandom(11);
  const capture = new Capture();
  const kept = new Kept();
  const cursor = new OutputCursor();
  let written = 0;
  let seen = 0;
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.alloc(random(i % 20 === 0 ? 100_000 : 700), 'x');
    written += bytes.length;
    capture.add('stdout', bytes);
    await capture.flush(kept.keep);
    if (random(4) > 0) continue;
    const fresh = kept.entries.filter(({ id }) => Number(id) > Number.parseInt(cursor.id, 10));
    for (const { id, chunk } of fresh)
      for (const piece of cursor.read(rawEntry(id, chunk))) seen += piece.cutBefore + piece.bytes.length;
    assert.equal(seen, written);
  }
});

test('a flush that is under way when the job ends is waited for, and nothing is kept twice', async () => {
  const capture = new Capture();
  const kept = new Kept();
  let letGo = () => {};
  const held = new Promise<void>(resolve => {
    letGo = resolve;
  });
  capture.add('stdout', Buffer.from('one '));
  const flush = capture.flush(async output => {
    await held;
    return kept.keep(output);
  });
  capture.add('stdout', Buffer.from('two'));
  const rest = capture.takeRest();
  letGo();
  await flush;
  await kept.keep(await rest);
  assert.equal(textOf(kept.pieces('stdout')), 'one two');
  assert.equal(kept.bytes('stdout'), 7);
});

/** The head is the beginning, what follows the cut is the end, whole characters both, and nothing is unaccounted for. */
function checkEnds(all: string, kept: Kept): void {
  const pieces = kept.pieces('stdout');
  const cuts = pieces.filter(({ cutBefore }) => cutBefore > 0);
  assert.equal(cuts.length, 1);
  const at = pieces.findIndex(({ cutBefore }) => cutBefore > 0);
  const [head, tail] = [textOf(pieces.slice(0, at)), textOf(pieces.slice(at))];
  assert.ok(all.startsWith(head) && all.endsWith(tail));
  assert.equal(`${head}${tail}`.includes('\ufffd'), false);
  const [headBytes, tailBytes] = [Buffer.byteLength(head), Buffer.byteLength(tail)];
  assert.ok(headBytes <= HALF && headBytes > HALF - 4, `${headBytes} bytes of head`);
  assert.ok(tailBytes <= HALF && tailBytes > HALF - 4200, `${tailBytes} bytes of tail`);
  assert.equal(headBytes + (cuts[0]?.cutBefore ?? 0) + tailBytes, Buffer.byteLength(all));
}

/** Numbers from 0 to below n, the same in every run (mulberry32). */
function newRandom(seed: number): (n: number) => number {
  let state = seed;
  return n => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}
