import type { Options } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import type { OptionSpec } from '../../parse/argv.ts';
import { parseCount } from '../../parse/count.ts';

/** What a run leaves for machines to read. */
export const REPORT_OPTIONS: readonly OptionSpec[] = [
  { name: 'junit', type: 'string', value: 'FILE', describe: 'write a JUnit XML report there, at the end' },
  { name: 'report', type: 'string', value: 'FILE', describe: 'write a JSON line there for each execution, as it ends' },
  {
    name: 'annotations',
    type: 'boolean',
    describe: 'tell failures as GitHub annotations (default: where GITHUB_ACTIONS is true, unless --no-annotations)',
  },
];

/** When a run ends because of what failed, and with which status. */
export const FAILURE_OPTIONS: readonly OptionSpec[] = [
  { name: 'fail-fast', type: 'boolean', describe: 'start no more jobs after the first that has failed for good; then 1' },
  { name: 'max-failures', type: 'string', value: 'N', describe: 'the same after N failed jobs' },
  { name: 'exit-zero', type: 'boolean', describe: 'end with 0 also when jobs failed' },
];

/** After how many failed jobs no more are started; null: however many fail. */
export function readMaxFailures(options: Options): number | null {
  const text = options.text('max-failures');
  if (!options.flag('fail-fast')) return text === undefined ? null : parseCount(text, '--max-failures', { example: 3 });
  if (text === undefined) return 1;
  throw new RqtError('usage', '--fail-fast is --max-failures 1: give one of them');
}

/** A file that a flag names. @throws RqtError `usage` for one that is none. */
export function readReportPath(options: Options, flag: 'junit' | 'report'): string | undefined {
  const path = options.text(flag);
  if (path === '') throw new RqtError('usage', `--${flag}: the name of the file is empty`);
  if (path === '-') throw new RqtError('usage', `--${flag} -: stdout has what the jobs print; name a file`);
  return path;
}
