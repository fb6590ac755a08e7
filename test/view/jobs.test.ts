import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRow } from '../../src/model.ts';
import { renderJobs } from '../../src/view/jobs.ts';
import { textWidth } from '../../src/view/width.ts';
import { look, now, text } from './looks.ts';

const UUID = '6f9619ff-8b86-d011-b42d-00c04fc964ff';
const LONG = 'report-2026-11-28-europe-berlin-customer-statements-monthly-run';

function row(id: string, rest: Partial<JobRow> = {}): JobRow {
  const times = { at: now - 122_000, createdAt: null, enqueuedAt: null, startedAt: now - 122_000, endedAt: now - 120_700 };
  const what = {
    description: "mail/monthly#send('ann@example.org', 'November')",
    task: null,
    group: null,
    worker: 'web-1.4242',
    attemptCount: 1,
  };
  return { id, state: 'finished', queue: 'statements', ...what, ...times, ...rest };
}

test('an id stays whole while the other columns give way', () => {
  assert.equal(
    renderJobs([row(UUID), row('short', { state: 'queued' })], now, look({ width: 62 })),
    text(
      'id                                    state       task',
      '──────────────────────────────────────────────────────────────',
      `${UUID}  ✓ finished  mail/monthl…`,
      'short                                 ○ queued    mail/monthl…',
    ),
  );
});

test('where ids leave no room for state and task, each has a line of its own', () => {
  assert.equal(
    renderJobs([row(LONG), row('short', { state: 'queued' })], now, look({ width: 80 })),
    text(
      'id',
      '  state       queue       task                                       when   took',
      '  ──────────────────────────────────────────────────────────────────────────────',
      LONG,
      "  ✓ finished  statements  mail/monthly#send('ann@example.org'…  2 min ago  1.3 s",
      'short',
      "  ○ queued    statements  mail/monthly#send('ann@example.org'…  2 min ago",
    ),
  );
});

for (const id of ['short', UUID, LONG, 'x'.repeat(120), '日本語'.repeat(20)]) {
  test(`no line is wider than a terminal of 40 to 200 columns, and an id that fits is whole: ${id.slice(0, 10)}`, () => {
    for (let width = 40; width <= 200; width += 1) {
      const shown = renderJobs([row(id), row('b', { state: 'scheduled' })], now, look({ width }));
      for (const line of shown.split('\n')) assert.ok(textWidth(line) <= width, `${width}: ${line}`);
      assert.equal(shown.includes(id), textWidth(id) <= width, `${width}: ${shown}`);
    }
  });
}

test('without a terminal every id is whole, in its row', () => {
  const shown = renderJobs([row('x'.repeat(500))], now, look({ width: Number.POSITIVE_INFINITY }));
  assert.match(shown.split('\n')[2] ?? '', /^x{500} {2}✓ finished {2}statements /);
});
