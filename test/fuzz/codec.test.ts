/** What is written must be what is read again; retry and repeat flags and the splitting of lines are read or refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RqtError } from '../../src/errors.ts';
import { splitLines } from '../../src/parse/lines.ts';
import { parseRepeat } from '../../src/parse/repeat.ts';
import { expandRetry, parseRetry } from '../../src/parse/retry.ts';
import { decodeCall, decodeError, decodeResult, encodeCall, encodeError, encodeResult } from '../../src/store/codec.ts';
import { fuzz, mutated, Random } from './fuzz.ts';

const SAMPLES = ['3', '1,2s,1h', '0', '-1', '1e3', '10s..1h', '2x', 'exp:1s', '99999999999'].map(text => Buffer.from(text));
const words = (random: Random) => Array.from({ length: 1 + random.below(4) }, () => mutated(SAMPLES, random).toString('utf8'));

function refusing(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RqtError)) throw error;
  }
}

fuzz({
  title: 'repeat flags are read or refused',
  inputs: 10_000,
  make: words,
  read: ([times, ...intervals]) => refusing(() => parseRepeat(times, intervals)),
  show: input => JSON.stringify(input),
});

fuzz({
  title: 'retry flags are read or refused',
  inputs: 10_000,
  make: words,
  read: ([max, first = '', ...intervals]) =>
    refusing(() => {
      const backoff = first.length % 3 === 0 ? 'exponential' : undefined;
      const [delay, maxDelay] = backoff ? intervals : [];
      const plan = parseRetry({
        max,
        intervals: backoff ? [] : [first, ...intervals],
        backoff,
        delay,
        maxDelay,
        jitter: first.includes('x'),
      });
      if (plan) expandRetry(plan);
    }),
  show: input => JSON.stringify(input),
});

/** A value as JSON has them, up to some depth. */
function someValue(random: Random, depth = 3): unknown {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return random.pick([null, true, false]);
    case 1:
      return random.below(2 ** 31) - 2 ** 30;
    case 2:
      return random.below(1000) / 7;
    case 3:
      return random.bytes(random.below(20)).toString('utf8');
    case 4:
      return String.fromCharCode(...random.bytes(random.below(10)));
    case 5:
      return random.pick(['', '__proto__', '\u0000', '\ud83d\ude00', '𝄞', 'NaN']);
    case 6:
      return Array.from({ length: random.below(5) }, () => someValue(random, depth - 1));
    default:
      return Object.fromEntries(Array.from({ length: random.below(5) }, (_, i) => [`k${i}`, someValue(random, depth - 1)]));
  }
}

const COUNT = Math.min(Number(process.env.RQT_FUZZ_INPUTS ?? 2000), 200_000);
const seed = Number(process.env.RQT_FUZZ_SEED ?? 1);
/** A reader that waits is no reader for fuzz(): it cannot be timed one by one. */
const each = (title: string, check: (random: Random) => Promise<void>) =>
  test(`${title}: ${COUNT} inputs, RQT_FUZZ_SEED=${seed}`, { timeout: 900_000 }, async () => {
    const random = new Random(seed);
    for (let i = 0; i < COUNT; i += 1) await check(random);
  });

each('calls, results and errors are read as they were written', async random => {
  const call = { task: 'm#f', args: [someValue(random), someValue(random)], kwargs: { k: someValue(random) } };
  assert.deepEqual((await decodeCall(encodeCall(call))).call, call);
  const value = someValue(random);
  const json = JSON.stringify(value);
  // RQ omits a result of null.
  if (value !== null) {
    const read = await decodeResult(await encodeResult(json, 'json'));
    assert.deepEqual(JSON.parse(read.json ?? 'null'), value);
  }
  const text = random.bytes(random.below(100)).toString('utf8');
  assert.equal(decodeError(encodeError(text)), text);
});

each('lines are the same however they come in', async random => {
  const text = Array.from({ length: random.below(12) }, () => random.pick(['a', '', ' ', 'é', '𝄞x', 'b'.repeat(300), '\r'])).join(
    random.pick(['\n', '\r\n']),
  );
  const bytes = Buffer.from(random.below(5) === 0 ? `\ufeff${text}` : text);
  assert.deepEqual(await linesIn(pieces(bytes, random)), await linesIn([bytes]));
});

each('lines of any bytes are split or refused, the same way however they come in', async random => {
  const bytes = mutated([Buffer.from('a\nb\r\né\n'), random.bytes(30)], random);
  assert.deepEqual(await linesIn(pieces(bytes, random)), await linesIn([bytes]));
});

function pieces(bytes: Buffer, random: Random): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const to = at + random.below(8);
    parts.push(bytes.subarray(at, to));
    at = to;
  }
  return parts;
}

/** All lines, or the refusal's message. */
async function linesIn(parts: readonly Buffer[]): Promise<string[] | string> {
  const lines: string[] = [];
  try {
    for await (const batch of splitLines(stream(parts))) lines.push(...batch);
  } catch (error) {
    if (!(error instanceof RqtError)) throw error;
    return error.message;
  }
  return lines;
}

async function* stream(parts: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
