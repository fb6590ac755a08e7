import { formatBytes } from '../bytes.ts';
import type { Captured, JobDetails } from '../model.ts';
import { formatCount } from './count.ts';
import type { Look } from './look.ts';
import { safeLines } from './safe.ts';
import { factLine } from './status-fact.ts';
import { truncate } from './width.ts';

const MOST_LINES = 10;
/** A line may wrap, but one line must not fill the screen. */
const MOST_SCREEN_LINES = 5;
const BLOCK_INDENT = '    ';

/** The last lines of a job's stdout and stderr, its own colours kept where the look has colour, all else made harmless. */
export function outputLines({ stdout, stderr }: Pick<JobDetails, 'stdout' | 'stderr'>, look: Look): string[] {
  return [...streamLines('stdout', stdout, look), ...streamLines('stderr', stderr, look)];
}

function streamLines(label: string, captured: Captured, look: Look): string[] {
  const lines = safeLines(captured.text, look.colour.level > 0);
  if (lines.length === 0 && captured.cutBytes === 0) return [];
  const last = lines.slice(-MOST_LINES).map(line => BLOCK_INDENT + bounded(line, look));
  return [factLine({ label, value: look.colour.dim(extent(lines.length, captured.cutBytes)) }, look).trimEnd(), ...last];
}

function extent(lineCount: number, cutBytes: number): string {
  const part = lineCount > MOST_LINES ? [`last ${MOST_LINES} of ${formatCount(lineCount)} lines`] : [];
  const cut = cutBytes > 0 ? [`${formatBytes(cutBytes)} cut out`] : [];
  return [...part, ...cut].join(', ');
}

/** A line that is cut loses its colours: a cut could fall into one of their codes. */
function bounded(line: string, look: Look): string {
  const bound = look.width * MOST_SCREEN_LINES;
  return line.length <= bound ? line : truncate(safeLines(line, false).join(), bound, look);
}
