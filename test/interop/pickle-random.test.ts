import assert from 'node:assert/strict';
import { showJson } from '../../src/parse/exact-json.ts';
import { unpickle } from '../../src/store/pickle/read.ts';
import { openLab } from './lab.ts';
import { interop } from './python.ts';

const { python } = await openLab();

/** How many values of how many seeds; RQT_FUZZ_SEED says another first seed. */
const COUNT = 500;
const ROUNDS = 4;
const first = Number(process.env.RQT_FUZZ_SEED ?? 1);

interop(
  `plain data that Python has drawn at random and pickled are shown as Python has them: RQT_FUZZ_SEED=${first}`,
  async () => {
    for (let seed = first; seed < first + ROUNDS; seed++) {
      const given = { seed, count: COUNT };
      const pickles = await python.run<string[]>('import random_data; return random_data.Round(seed, count).pickles()', given);
      assert.equal(pickles.length, COUNT);
      const shown = pickles.map((hex, i) => {
        const found = unpickle(Buffer.from(hex, 'hex'));
        if (found.kind === 'refused') assert.fail(`value ${i} of RQT_FUZZ_SEED=${seed} is refused: ${found.why}`);
        return showJson(found.value);
      });
      const wrong = await python.run('import random_data; return random_data.Round(seed, count).wrong(shown)', {
        ...given,
        shown,
      });
      assert.deepEqual(wrong, [], `RQT_FUZZ_SEED=${seed}`);
    }
  },
);
