import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeIn } from '../../src/parse/stack-place.ts';
import { annotationLines, markdownSummary } from '../../src/view/annotations.ts';
import { ended, runSummary } from '../helpers/ended.ts';

const NONE = runSummary().counts;

function failed(...failures: Parameters<typeof ended>[0][]) {
  const all = failures.map((failure, i) => ended({ id: `job-${i}`, fate: 'failed', reason: 'Error: no', ...failure }));
  return runSummary({ counts: { ...NONE, failed: all.length }, failures: all });
}

test('a failed job is an error at the place in the repository where it was thrown', () => {
  const trace = 'Error: no\n    at inner (/opt/other.js:1:1)\n    at send (file:///repo/tasks/my%20mail.ts:12:34)';
  assert.deepEqual(annotationLines(failed({ trace }), '/repo'), [
    "::error file=tasks/my mail.ts,line=12,col=34,title=default%3A mail#send('ann')::Error: no%0A    at inner (/opt/other.js:1:1)%0A    at send (file:///repo/tasks/my%2520mail.ts:12:34)%0Ajob job-0",
  ]);
});

test('a place without a column is annotated without one', () => {
  const [line = ''] = annotationLines(failed({ trace: 'Error: no\n    at send (/repo/tasks/mail.ts:12)' }), '/repo');
  assert.match(line, /^::error file=tasks\/mail\.ts,line=12,title=/);
});

test("what an error says cannot end its command or begin another one: GitHub's escapes", () => {
  const hostile = 'x%0A\r\n::set-env name=A::b,c:d\x1b[31m';
  const lines = annotationLines(failed({ description: hostile, reason: hostile, trace: hostile, queue: 'a:b,c' }), '/repo');
  assert.equal(lines.length, 1);
  const [line = ''] = lines;
  assert.doesNotMatch(line, /[\r\n\x1b]/);
  const [, properties = ''] = /^::error (.*?)::/.exec(line) ?? [];
  assert.doesNotMatch(properties, /[:,]/);
  assert.match(line, /x%250A/);
});

test('GitHub shows ten errors of a step: the tenth tells how many more there are', () => {
  const ten = Array.from({ length: 10 }, () => ({}));
  assert.equal(annotationLines(failed(...ten), '/').length, 10);
  assert.doesNotMatch(annotationLines(failed(...ten), '/').join(), /more/);
  const lines = annotationLines({ ...failed(...ten), counts: { ...NONE, failed: 1234 } }, '/');
  assert.equal(lines.length, 10);
  assert.equal(lines[9], '::error title=rqt::and 1,225 more failed jobs: the log of this step has them');
});

const places: [what: string, trace: string, file: string | null][] = [
  ['a function', '    at f (/repo/a.ts:1:2)', 'a.ts'],
  ['no function', '    at /repo/b/a.ts:1:2', 'b/a.ts'],
  ['an async one', '    at async Object.f (file:///repo/a.ts:1:2)', 'a.ts'],
  ['a package in the repository', '    at f (/repo/node_modules/x/a.js:1:2)', null],
  ['a file beside the repository', '    at f (/repository/a.js:1:2)', null],
  ['Node itself', '    at node:internal/x:1:2', null],
  ['no stack', '', null],
  ['a bad URL', '    at f (file:///repo/%zz.ts:1:2)', null],
];
for (const [what, trace, file] of places) {
  test(`the place of ${what}`, () => assert.equal(placeIn(`Error: x\n${trace}`, '/repo')?.file ?? null, file));
}

test('the Markdown summary has a row for each failed job, and nothing in it is Markdown or HTML', () => {
  const lines = markdownSummary(failed({ reason: '| <img src=x> `a` [b](c) \n# d' })).split('\n');
  const row = lines.find(line => line.includes('job')) && lines.find(line => line.startsWith('| job&#45;0'));
  assert.ok(row, lines.join('\n'));
  assert.doesNotMatch(row.replace(/&#\d+;/g, ''), /[<>`[\]#]/);
  assert.equal(row.match(/\|/g)?.length, 5);
});
