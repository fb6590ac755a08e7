import { ChildWatch } from './child-watch.ts';
import { Environment } from './environment.ts';
import { HandleWatch } from './handles.ts';
import { findSurvivors, goesOn, type ProcessStat } from './processes.ts';
import type { JobCall } from './protocol.ts';
import { Stdio } from './stdio.ts';

/** Something a job left behind, in one line; `passing`: it may be about to close by itself. */
export type Leftover = string | { readonly passing: string };

/**
 * Tells whether a job left this process as it found it. It is asked after every job, so that every check is a matter of a
 * few microseconds: what is dear is looked at only when something cheap says that it may have changed.
 */
export class Cleanliness {
  readonly #environment = new Environment();
  readonly #handles = new HandleWatch();
  readonly #children = new ChildWatch();
  readonly #stdio = new Stdio();
  #folder = '';
  #listeners = new Map<string | symbol, number>();
  #maxRssBytes = 0;
  #umaskChanged = false;

  constructor() {
    // Asking for the mask means setting it twice, which other threads would see.
    const umask = process.umask.bind(process);
    process.umask = (...mask: [] | [string | number]) => {
      this.#umaskChanged ||= mask.length > 0;
      return mask.length > 0 ? umask(mask[0] as number) : umask();
    };
  }

  /** What is there now is what may be there after every job. */
  takeBaseline(maxRssBytes: number): void {
    this.#maxRssBytes = maxRssBytes;
    this.#folder = process.cwd();
    for (const name of process.eventNames()) this.#listeners.set(name, process.listenerCount(name));
    this.#environment.takeBaseline();
    this.#handles.takeBaseline();
  }

  beginJob(call: JobCall): void {
    this.#environment.enter(call);
  }

  findLeftover(): Leftover | null {
    return (
      this.#handles.findOpen() ??
      this.#findChildren() ??
      this.#environment.findChange() ??
      this.#findChange() ??
      (this.#children.rssBytes > this.#maxRssBytes ? `it grew to ${Math.round(this.#children.rssBytes / 2 ** 20)} MiB` : null)
    );
  }

  /**
   * Says what is still open after it was given time to close. The processes behind it are named, save those that are just ending; not sure
   * while one of them runs, since it may have done its last work.
   */
  explain(passing: string): { readonly text: string; readonly isSure: boolean } {
    if (!this.#children.canSearch || !this.#children.look()) return { text: passing, isSure: true };
    const survivors = findSurvivors(process.pid).filter(goesOn);
    const outlived = nameSurvivors(survivors);
    if (outlived === null) return { text: passing, isSure: true };
    const text = OF_PROCESSES_ALONE.test(passing) ? outlived : `${outlived}; ${passing}`;
    return { text, isSure: survivors.every(({ state }) => state !== 'R') };
  }

  #findChildren(): string | null {
    if (!this.#children.look()) return null;
    return this.#children.canSearch ? nameSurvivors(findSurvivors(process.pid)) : 'it started processes';
  }

  #findChange(): string | null {
    if (process.cwd() !== this.#folder) return 'the working directory was changed';
    if (this.#umaskChanged) return 'the umask was changed';
    return this.#listenersChanged() ? 'listeners of process were added or removed' : this.#stdio.findChange();
  }

  #listenersChanged(): boolean {
    const names = process.eventNames();
    return names.length !== this.#listeners.size || names.some(name => process.listenerCount(name) !== this.#listeners.get(name));
  }
}

/** What Node keeps open for a child process and its streams. */
const OF_PROCESSES_ALONE = /^it left open: (ProcessWrap|PipeWrap|, )+$/;

function nameSurvivors([first, ...others]: readonly ProcessStat[]): string | null {
  if (!first) return null;
  return `process ${first.pid}${others.length > 0 ? ` and ${others.length} more` : ''} outlived the job`;
}
