// What `bin/test` prints: each failure at once, and all of them again at the end, so that the last screen tells everything.
import { relative } from 'node:path';

const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === 'test:pass' && isTest(data)) {
      counts[data.skip !== undefined || data.todo !== undefined ? 'skipped' : 'passed'] += 1;
    } else if (type === 'test:fail' && isTest(data)) {
      counts.failed += 1;
      failures.push(describe(data));
      yield `\n${failures.at(-1)}\n`;
    } else if (type === 'test:stderr' || type === 'test:stdout') {
      yield data.message;
    } else if (type === 'test:dequeue' && data.nesting === 0 && data.file === data.name) {
      yield `${relative('', data.name)}\n`;
    }
  }
  if (failures.length > 0) yield `\n== what failed ==\n\n${failures.join('\n\n')}\n`;
  yield `\n${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}\n`;
}

/** A test itself, not a group of tests, whose own verdict only repeats that of its tests. */
function isTest({ details }) {
  return details.type !== 'suite' && details.error?.failureType !== 'subtestsFailed';
}

function describe({ name, file, line, details }) {
  const { error } = details;
  const text = error?.cause?.stack ?? error?.cause ?? error?.stack ?? error;
  return `FAILED  ${name}\n  ${relative('', file)}:${line}\n  ${String(text).replaceAll('\n', '\n  ')}`;
}
