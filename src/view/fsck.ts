import { formatCount, plural } from './count.ts';
import { formatDuration } from './duration.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { truncate } from './width.ts';

/** One finding, and what became of it (null: nothing was tried). */
export interface FsckFound {
  readonly finding: {
    readonly kind: string;
    readonly subject: string;
    readonly queue: string | null;
    readonly key: string;
    readonly detail: string;
    readonly about: { readonly means: string; readonly fix: string; readonly heals?: string };
  };
  readonly mended: { readonly kind: 'mended'; readonly done: string } | { readonly kind: 'left'; readonly why: string } | null;
}

/** So many of a kind are shown to a person. */
const EXAMPLES = 5;

interface Group {
  readonly about: FsckFound['finding']['about'];
  readonly examples: FsckFound[];
  count: number;
  left: number;
  /** What was done, and how often. */
  readonly done: Map<string, number>;
}

/** What `rqt fsck` tells: it holds counts and some examples of each kind, never all findings. */
export class FsckReport {
  /** Keys and entries that were looked at. */
  looked = 0;
  readonly #fix: boolean;
  readonly #groups = new Map<string, Group>();

  constructor(fix: boolean) {
    this.#fix = fix;
  }

  add(found: FsckFound): void {
    const { kind, about } = found.finding;
    const group: Group = this.#groups.get(kind) ?? { about, examples: [], count: 0, left: 0, done: new Map() };
    this.#groups.set(kind, group);
    group.count += 1;
    // What could not be mended needs a person: it is shown before what needs none.
    if (found.mended?.kind === 'left') group.left += 1;
    if (found.mended?.kind === 'mended') group.done.set(found.mended.done, (group.done.get(found.mended.done) ?? 0) + 1);
    if (group.examples.length < EXAMPLES) group.examples.push(found);
    else if (found.mended?.kind === 'left' && group.left <= EXAMPLES) group.examples.splice(group.left - 1, 1, found);
  }

  /** Whether nothing is left to be done. */
  get isWell(): boolean {
    return this.#fix ? this.#sum('left') === 0 : this.#sum('count') === 0;
  }

  waiting({ count, forMs }: { readonly count: number; readonly forMs: number }): string {
    return `${plural(count, 'finding')} may be on the way just now: looking again in ${formatDuration(forMs)} (--grace)`;
  }

  /** A line of `--json`, version 1. */
  line({ finding, mended }: FsckFound) {
    const { kind, subject, queue, key, detail, about } = finding;
    return {
      version: 1,
      kind: 'finding',
      name: kind,
      subject,
      queue,
      key,
      detail,
      fix: about.fix,
      mended: mended?.kind === 'mended' ? mended.done : null,
      left: mended?.kind === 'left' ? mended.why : null,
    } as const;
  }

  /** The last line of `--json`. */
  summary() {
    const count = this.#sum('count');
    const left = this.#fix ? this.#sum('left') : count;
    return {
      version: 1,
      kind: 'fsck',
      looked: this.looked,
      findings: count,
      mended: count - left,
      left,
      well: this.isWell,
    } as const;
  }

  /** All of it for a person. Without a last line feed. */
  render(look: Look): string {
    return [...this.#renderGroups(look), this.#renderSum()].join('\n\n');
  }

  /** What there is to tell when it does not come to its end; '' when there is nothing. */
  renderUnfinished(look: Look): string {
    return this.#renderGroups(look).join('\n\n');
  }

  /** How far it came that did not come to its end, in a line. */
  reached(): string {
    const [count, left] = [this.#sum('count'), this.#sum('left')];
    const mended = !this.#fix ? 'nothing was changed' : `${formatCount(count - left)} mended, ${formatCount(left)} left to you`;
    return `not all was looked at; ${plural(count, 'finding')} so far, ${mended} (the same command begins again)`;
  }

  #renderGroups(look: Look): string[] {
    return [...this.#groups].map(([kind, group]) => this.#renderGroup(kind, group, look).join('\n'));
  }

  #renderGroup(kind: string, group: Group, look: Look): string[] {
    const { about, examples, count, done } = group;
    const lines = [`${look.colour.bold(kind)}  ${formatCount(count)}  ${about.means}`];
    for (const { finding, mended } of examples) {
      const end = mended === null ? '' : ` -> ${mended.kind === 'mended' ? mended.done : `left: ${mended.why}`}`;
      const queue = finding.queue === null ? '' : ` (${finding.queue})`;
      lines.push(truncate(`  ${safeLine(`${finding.subject}${queue}: ${finding.detail}${end}`)}`, look.width, look));
    }
    if (count > examples.length) lines.push(`  and ${formatCount(count - examples.length)} more (--json shows all)`);
    if (!this.#fix) {
      lines.push(look.colour.dim(`  --fix ${about.fix}${about.heals === undefined ? '' : `; ${about.heals}, too`}`));
    } else if (count > examples.length) {
      for (const [what, times] of done) lines.push(`  ${formatCount(times)} ${safeLine(what)}`);
    }
    return lines;
  }

  #renderSum(): string {
    const count = this.#sum('count');
    const looked = `${plural(this.looked, 'key and entry', 'keys and entries')} looked at`;
    if (count === 0) return `nothing found, ${looked}`;
    const findings = `${plural(count, 'finding')} of ${plural(this.#groups.size, 'kind')}, ${looked}`;
    const left = this.#sum('left');
    if (!this.#fix) return `${findings}; nothing was changed: rqt fsck --fix mends what can be mended`;
    return left === 0
      ? `${findings}; all mended`
      : `${findings}; ${formatCount(count - left)} mended, ${formatCount(left)} left to you`;
  }

  #sum(what: 'count' | 'left'): number {
    return [...this.#groups.values()].reduce((sum, group) => sum + group[what], 0);
  }
}
