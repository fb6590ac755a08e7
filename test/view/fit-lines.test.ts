import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitLines } from '../../src/view/fit-lines.ts';
import { renderInfo } from '../../src/view/info.ts';
import { look, overview, queue, text, worker } from './looks.ts';

const picture = text('queue', '-----', 'a', 'b', 'c', '', 'worker', 'w', '', '3 queues', 'all workers are suspended');

test('a picture that fits is left as it is', () => {
  assert.deepEqual(fitLines(picture, 11, look()), picture.split('\n'));
});

test('of one that does not, the end is kept, and a line says how much is left out', () => {
  const shown = fitLines(picture, 6, look());
  const left = '… and 4 more lines: a taller window shows them, or queues by name, -Q, -W';
  assert.deepEqual(shown, ['queue', '-----', 'a', left, '3 queues', 'all workers are suspended']);
});

test('where there is hardly any room the end is what is shown', () => {
  assert.deepEqual(fitLines(picture, 3, look({ unicode: false, width: 20 })), [
    '... and 7 more li...',
    '3 queues',
    'all workers are suspended',
  ]);
  assert.deepEqual(fitLines(picture, 2, look()), ['3 queues', 'all workers are suspended']);
  assert.deepEqual(fitLines(picture, 1, look()), ['all workers are suspended']);
});

test('whatever the size of the terminal, the line that sums up is there', () => {
  const queues = Array.from({ length: 30 }, (_, i) => queue(`q${i}`));
  for (const suspended of [false, true]) {
    const shown = renderInfo(overview({ queues, suspended, workers: [worker('w1'), worker('w2')] }), look());
    for (let room = 3; room < 45; room += 1) {
      const lines = fitLines(shown, room, look());
      assert.ok(lines.length <= room);
      assert.ok(lines.includes('30 queues, 0 jobs queued, 0 executing, 2 workers'));
      assert.equal(
        lines.some(line => line.startsWith('… and ')),
        lines.length < shown.split('\n').length,
      );
    }
  }
});
