import { JOB_STATES, type JobTree, type TreeJob } from '../model.ts';
import { plural } from './count.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { stateMark } from './state.ts';
import { textWidth, truncate } from './width.ts';

/**
 * `rqt status --tree` for a person: the oldest ancestors at the margin, each job under one that it depends on. A job with several parents is
 * drawn under the first and referred to under the others. Without a last line feed.
 */
export function renderTree(tree: JobTree, look: Look): string {
  const drawing: Drawing = { tree, look, children: childrenOf(tree), drawn: new Set(), lines: [] };
  for (const job of tree.jobs.values()) {
    if (!job.parents.some(id => tree.jobs.has(id)) && job.relation !== 'descendant') draw(job, drawing, null, '');
  }
  // A circle, which RQ does not refuse, has no beginning.
  for (const job of tree.jobs.values()) if (!drawing.drawn.has(job.id)) draw(job, drawing, null, '');
  return drawing.lines.join('\n');
}

interface Drawing {
  readonly tree: JobTree;
  readonly look: Look;
  readonly children: ReadonlyMap<string, readonly TreeJob[]>;
  readonly drawn: Set<string>;
  readonly lines: string[];
}

/** By parent, in the order in which they were found. */
function childrenOf({ jobs }: JobTree): Map<string, TreeJob[]> {
  const children = new Map<string, Set<TreeJob>>();
  const add = (parent: string, child: TreeJob | undefined) => {
    if (!child || !jobs.has(parent)) return;
    const known = children.get(parent);
    if (known) known.add(child);
    else children.set(parent, new Set([child]));
  };
  for (const job of jobs.values()) {
    for (const parent of job.parents) add(parent, job);
    for (const child of job.children) add(job.id, jobs.get(child));
  }
  return new Map([...children].map(([parent, set]) => [parent, [...set]]));
}

/** `branch` is null at the margin; `indent` stands in front of it. */
function draw(job: TreeJob, drawing: Drawing, branch: 'middle' | 'last' | null, indent: string): void {
  const { look, lines, drawn, children } = drawing;
  const signs = look.unicode ? UNICODE : ASCII;
  const lead = branch === null ? '' : indent + signs[branch];
  if (drawn.has(job.id)) {
    lines.push(`${look.colour.dim(lead)}${safeLine(job.id)} ${look.colour.dim('(see above)')}`);
    return;
  }
  drawn.add(job.id);
  lines.push(jobLine(job, lead, drawing));
  const below = branch === null ? '' : indent + (branch === 'last' ? signs.blank : signs.line);
  const shown = children.get(job.id) ?? [];
  const hidden = hiddenText(job, drawing);
  for (const [index, child] of shown.entries()) {
    draw(child, drawing, index === shown.length - 1 && hidden === null ? 'last' : 'middle', below);
  }
  if (hidden !== null) lines.push(look.colour.dim(`${below}${signs.last}${hidden}`));
}

const UNICODE = { middle: '├─ ', last: '└─ ', line: '│  ', blank: '   ', here: '←', dots: '…' } as const;
const ASCII = { middle: '|- ', last: '`- ', line: '|  ', blank: '   ', here: '<-', dots: '...' } as const;

function jobLine(job: TreeJob, lead: string, { look, tree }: Drawing): string {
  const { colour } = look;
  const signs = look.unicode ? UNICODE : ASCII;
  const { text, paint } = markOf(job, look);
  const isAsked = job.id === tree.id && tree.jobs.size > 1;
  const missing = job.relation === 'descendant' ? 0 : job.parentCount - job.parents.filter(id => tree.jobs.has(id)).length;
  const id = safeLine(job.id);
  const facts = [
    ...(isAsked ? [`${signs.here} this one`] : []),
    ...(missing > 0 ? [`${signs.dots} ${plural(missing, 'parent')} not shown`] : []),
  ].join('  ');
  const room = look.width - textWidth(lead) - id.length - textWidth(text) - facts.length - 6;
  const call = room < LEAST_CALL ? '' : truncate(safeLine(job.description), room, look);
  return [colour.dim(lead) + (isAsked ? colour.bold(id) : id), paint(text), call, colour.dim(facts)]
    .filter(part => part !== '')
    .join('  ');
}

const LEAST_CALL = 10;

function markOf({ state }: TreeJob, look: Look): { text: string; paint: (text: string) => string } {
  if (state === null) return { text: 'gone', paint: look.colour.dim };
  return stateMark(JOB_STATES.find(name => name === state) ?? 'other', state, look);
}

/** What of a job's children is not drawn, and how to see it. */
function hiddenText(job: TreeJob, { tree, look }: Drawing): string | null {
  const count = job.childCount - job.children.filter(id => tree.jobs.has(id)).length;
  if (count <= 0) return null;
  const hint = job.id === tree.id ? '' : `: rqt status --tree ${safeLine(job.id)}`;
  return `${look.unicode ? UNICODE.dots : ASCII.dots} ${plural(count, 'child', 'children')} not shown${hint}`;
}
