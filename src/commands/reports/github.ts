import { appendFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { Options } from '../../command.ts';
import type { RunSummary } from '../../run-stats.ts';
import { annotationLines, markdownSummary } from '../../view/annotations.ts';
import { say } from '../shared/io.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Whether failures are told to GitHub: `--annotations` and `--no-annotations` decide, else where this runs. */
export function tellsGitHub(options: Options, env: Env): boolean {
  if (options.flag('annotations') || options.isOff('annotations')) return options.flag('annotations');
  return env.GITHUB_ACTIONS === 'true' && options.text('log-format') !== 'json';
}

/** Workflow commands for stderr, where GitHub reads them as it does on stdout, and the summary on the page of the run. */
export function tellGitHub(summary: RunSummary, env: Env): void {
  for (const line of annotationLines(summary, repositoryOf(env))) say(line);
  if (!env.GITHUB_STEP_SUMMARY) return;
  try {
    appendFileSync(env.GITHUB_STEP_SUMMARY, markdownSummary(summary));
  } catch (error) {
    say(`rqt: GITHUB_STEP_SUMMARY ${env.GITHUB_STEP_SUMMARY}: it cannot be written: ${(error as Error).message}`);
  }
}

/** Paths of annotations are relative to the checkout. */
function repositoryOf({ GITHUB_WORKSPACE: workspace }: Env): string {
  const here = process.cwd();
  if (!workspace) return here;
  const root = resolve(workspace);
  return here === root || here.startsWith(root + sep) ? root : here;
}
