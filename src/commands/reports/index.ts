import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Options } from '../../command.ts';
import type { EndedExecution } from '../../ended-execution.ts';
import { EXIT_STATUS, RqtError } from '../../errors.ts';
import type { StreamName } from '../../model.ts';
import { escapeUnprintable } from '../../parse/quote.ts';
import { RunStats } from '../../run-stats.ts';
import { VERSION } from '../../version.ts';
import { lookOf } from '../../view/look.ts';
import { reportExecution, reportHead, reportTotals } from '../../view/report-json.ts';
import { summaryLines } from '../../view/summary.ts';
import { say } from '../shared/io.ts';
import { LineFile } from './file.ts';
import { tellGitHub, tellsGitHub } from './github.ts';
import { JunitFile } from './junit.ts';
import { readReportPath } from './options.ts';
import { OutputTails } from './output.ts';

/** What is told of a run's executions beside its log: the summary, files, annotations. */
export interface Reports {
  onEnded(ended: EndedExecution): void;
  onOutput(jobId: string, stream: StreamName, chunk: Buffer): void;
  /** At the run's end. Returns the exit status: that of the run, or that a file could not be written. */
  end(why: string, status: number): number;
  /** The run came to no end: releases what is open. */
  close(): void;
}

/** Opens the reports that the flags ask for. @throws RqtError `cannotWrite` before any job is run. */
export function openReports(options: Options, queues: readonly string[], { showsSummary }: { showsSummary: boolean }): Reports {
  const junitPath = readReportPath(options, 'junit');
  const reportPath = readReportPath(options, 'report');
  if (junitPath !== undefined && reportPath !== undefined && resolve(junitPath) === resolve(reportPath)) {
    throw new RqtError('usage', `--junit and --report cannot both be ${escapeUnprintable(reportPath)}: name two files`);
  }
  const junit = junitPath === undefined ? null : new JunitFile(junitPath, queues[0] ?? '');
  const report = reportPath === undefined ? null : new LineFile('--report', reportPath);
  const tails = junit && new OutputTails();
  const stats = new RunStats();
  report?.write(reportHead({ rqtVersion: VERSION, queues, host: hostname(), pid: process.pid, startedAt: Date.now() }));

  return {
    onEnded(ended) {
      stats.add(ended);
      report?.write(reportExecution(ended));
      junit?.add(ended, tails?.take(ended.id) ?? { stdout: '', stderr: '' });
    },
    onOutput: (jobId, stream, chunk) => tails?.add(jobId, stream, chunk),
    end(why, status) {
      const summary = stats.summary();
      if (showsSummary) say(summaryLines(summary, lookOf(process.stderr, process.env, Date.now())).join('\n'));
      if (tellsGitHub(options, process.env)) tellGitHub(summary, process.env);
      junit?.end();
      report?.write(reportTotals(summary, { why, status: junit?.isBroken ? statusWithout(status) : status }));
      report?.close();
      return junit?.isBroken || report?.isBroken ? statusWithout(status) : status;
    },
    close() {
      junit?.close();
      report?.close();
    },
  };
}

/** The exit status of a run whose report is not complete: a stronger reason goes before that. */
function statusWithout(status: number): number {
  return status === 0 || status === EXIT_STATUS.no ? EXIT_STATUS.cannotWrite : status;
}
