import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { openStage, told } from './stage.ts';

const stage = await openStage();
const { put, burst } = stage;
beforeEach(() => stage.redis.client.flushall());

const absent: [what: string, task: string, why: RegExp][] = [
  ['a Map deep inside', 'odd#nested', /Map at \.list\[1\]\.deep/],
  ['a circle', 'odd#circle', /a circle at \.self/],
  ['a function', 'odd#func', /the result is a function/],
  ['a function deep inside', 'odd#method', /the result has a function at \.list\[0\]\.f/],
  ['a Buffer', 'odd#buffer', /the result is a Buffer/],
  ['over the cap', 'odd#large', /2 MiB, over the cap of 1 MiB/],
];

for (const [what, task, why] of absent) {
  test(`a result that is ${what} does not undo the work: finished, absent, and log and status say why`, async () => {
    const id = await put(task);
    const ran = await burst();
    assert.equal(ran.status, 0);
    const status = await stage.status(id);
    assert.deepEqual([status.state, status.result], ['finished', null]);
    assert.match(status.result_absent ?? '', why);
    assert.match(told(ran, /has no result/)[0] ?? '', why);
    assert.match((await stage.rqt('status', id)).stdout, why);
  });
}

test('undefined is null, and no reason for a remark', async () => {
  const ids = [await put('odd#nothing'), await put('odd#nullish')];
  const ran = await burst();
  assert.deepEqual([ran.status, told(ran, /has no result/)], [0, []]);
  for (const id of ids) {
    const { state, result, result_absent: why } = await stage.status(id);
    assert.deepEqual([state, result, why], ['finished', null, null]);
  }
});

test('arguments arrive as they were sent: positions first, keywords as one object', async () => {
  const args = ['text', 1.5, null, true, ['list'], { deep: { er: 1 } }];
  const id = await put('quick#echo', { args, kwargs: { key: 'value' } });
  await burst();
  assert.deepEqual((await stage.status(id)).result, [...args, { key: 'value' }]);
});
