import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import * as junit from '../../src/view/junit.ts';
import { ended } from '../helpers/ended.ts';
import { elements, parseXml } from '../helpers/junit.ts';

const hasPython = spawnSync('python3', ['-c', 'import xml.etree.ElementTree']).status === 0;

/** A whole file with one suite of these cases. */
function fileOf(...cases: junit.JunitCase[]): string {
  const totals = cases.reduce(junit.addToTotals, junit.NO_CASES);
  const at = { host: 'host', startedAt: Date.UTC(2026, 10, 23, 12, 0, 0) };
  const suite = junit.suiteOpen('default', totals, at) + cases.map(junit.junitCase).join('') + junit.suiteClose();
  return junit.junitOpen(totals, 2000) + suite + junit.junitClose();
}

function caseOf(differs: Parameters<typeof ended>[0] = {}, more: Partial<junit.JunitCase> = {}): junit.JunitCase {
  return { ended: ended(differs), name: 'a job', reruns: [], stdout: '', stderr: '', ...more };
}

/** Control characters, escape sequences, what means something to XML, lone surrogates, characters beyond the BMP, non-characters. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0, max: 0xffff }).map(code => String.fromCharCode(code)),
      fc.integer({ min: 0xd800, max: 0xdfff }).map(code => String.fromCharCode(code)),
      fc.integer({ min: 0, max: 0x9f }).map(code => String.fromCharCode(code)),
      fc.constantFrom(
        ']]>',
        '<![CDATA[',
        '&amp;',
        '&#0;',
        '<!--',
        '"',
        "'",
        '\u001b[31m',
        '\r\n',
        '\ufffe',
        '\uffff',
        '\u2028',
        '\u0085',
      ),
    ),
    { maxLength: 12 },
  )
  .map(parts => parts.join(''));

test('whatever names, errors and output are made of, a strict reader reads it back', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (name, reason, trace, output) => {
      const failure = caseOf(
        { fate: 'failed', reason, trace, queue: name, task: name },
        { name, stdout: output, stderr: output },
      );
      const read = parseXml(fileOf(failure));
      const [one] = elements(read, 'testcase');
      assert.equal(one?.attributes.name, junit.xmlClean(name));
      const [failed] = elements(read, 'failure');
      assert.equal(failed?.attributes.message, junit.xmlClean(reason));
      const clean = junit.xmlClean(output);
      for (const stream of ['system-out', 'system-err'])
        assert.deepEqual(
          elements(read, stream).map(({ text }) => text),
          output === '' ? [] : [clean],
        );
    }),
    { numRuns: 500 },
  );
});

test('text that XML can say is not changed', () => {
  const text = 'tab\t, two\nlines, ü, 漢字, 👩‍👩‍👧, ]]>, <b>&amp;</b>, "x", \'y\'';
  const read = parseXml(fileOf(caseOf({}, { name: text, stdout: text })));
  assert.equal(elements(read, 'testcase')[0]?.attributes.name, text);
  assert.equal(elements(read, 'system-out')[0]?.text, text);
});

test('what XML cannot say is shown, colours are gone', () => {
  const read = parseXml(
    fileOf(caseOf({}, { stdout: 'nul \0, bell \x07, lone \ud800 \udc00, \ufffe\uffff, \x1b[31mred\x1b[0m' })),
  );
  assert.equal(elements(read, 'system-out')[0]?.text, 'nul \\x00, bell \\x07, lone \\ud800 \\udc00, \\ufffe\\uffff, red');
});

test("Python's reader agrees", { skip: !hasPython && 'there is no python3' }, () => {
  const samples = fc.sample(hostile, { numRuns: 200, seed: 7 });
  const xml = fileOf(...samples.map(text => caseOf({ fate: 'failed', reason: text }, { name: text, stdout: text })));
  const program = `
import json, sys, xml.etree.ElementTree as E
root = E.fromstring(sys.stdin.buffer.read())
print(json.dumps([[c.get('name'), c.find('failure').get('message'), c.findtext('system-out')] for c in root.iter('testcase')]))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input: xml, encoding: 'utf8', maxBuffer: 2 ** 26 });
  assert.equal(stderr, '');
  const clean = samples.map(junit.xmlClean);
  // ElementTree tells an element without text from none, and an attribute of blanks from an empty one.
  assert.deepEqual(
    JSON.parse(stdout),
    clean.map((text, i) => [text, text, samples[i] === '' ? null : text]),
  );
});

test('a suite counts what is in it, and so does the file', () => {
  const read = parseXml(
    fileOf(
      caseOf(),
      caseOf({ fate: 'failed', reason: 'Error: no' }),
      caseOf({ fate: 'retried', reason: 'Error: not yet' }),
      caseOf({ fate: 'stopped', reason: 'stopped by a user' }),
      caseOf({ fate: 'put back', reason: 'the worker was stopped' }),
      caseOf({ fate: 'lost', reason: 'its lease was lost' }),
    ),
  );
  const [suite] = elements(read, 'testsuite');
  assert.deepEqual(read.attributes, { name: 'rqt', time: '2.000', tests: '6', failures: '2', errors: '1' });
  assert.deepEqual(suite?.attributes, {
    ...{ name: 'default', tests: '6', failures: '2', errors: '1', skipped: '2', time: '9.000' },
    ...{ timestamp: '2026-11-23T12:00:00', hostname: 'host' },
  });
  assert.deepEqual(
    ['failure', 'error', 'skipped'].map(name => elements(read, name).length),
    [2, 1, 2],
  );
});

test('a case has the class of its task, the time it took, and the kind, text and job of its failure', () => {
  const trace = 'TypeError: no\n    at send (file:///app/tasks/mail.ts:3:9)';
  const one = { fate: 'failed', reason: 'TypeError: no', trace, task: 'pkg/mail#send', attempt: 3 } as const;
  const read = parseXml(fileOf(caseOf(one)));
  assert.deepEqual(elements(read, 'testcase')[0]?.attributes, { classname: 'default.pkg/mail', name: 'a job', time: '1.500' });
  const [failure] = elements(read, 'failure');
  assert.deepEqual(failure?.attributes, { message: 'TypeError: no', type: 'TypeError' });
  assert.equal(failure?.text, `${trace}\njob job-1 of queue default, attempt 3`);
});

test("earlier attempts are Surefire's: flaky when the job finished after all, reruns when it did not", () => {
  const reruns = [ended({ fate: 'retried', reason: 'Error: first', trace: 'Error: first\n    at x' })];
  const flaky = parseXml(fileOf(caseOf({}, { reruns })));
  assert.deepEqual(
    elements(flaky, 'flakyFailure').map(({ attributes }) => attributes),
    [{ message: 'Error: first', type: 'Error' }],
  );
  assert.equal(elements(flaky, 'stackTrace')[0]?.text, 'Error: first\n    at x');
  const failed = parseXml(fileOf(caseOf({ fate: 'failed', reason: 'Error: last' }, { reruns })));
  assert.equal(elements(failed, 'rerunFailure').length, 1);
});
