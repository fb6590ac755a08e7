import { inSteps, interrupted } from './in-steps.ts';

/** The ids that a command was given, one after the other. */
export interface Walk {
  /** Does this for each, until a signal comes; returns the worst exit status. */
  run(each: (id: string) => Promise<number>): Promise<number>;
  /** What it means that the connection was lost meanwhile. */
  readonly ifLost: () => string;
}

/** `end`: at which end of what was typed the walk begins. */
export function walkIds(ids: readonly string[], end: 'first' | 'last' = 'first'): Walk {
  let done = 0;
  const come = () =>
    done === 0 ? `none of ${ids.length} ids was seen to` : `the ${end} ${done} of ${ids.length} ids were seen to`;
  return {
    run: each =>
      inSteps(async halt => {
        let worst = 0;
        for (const id of ids) {
          if (halt.signal) return interrupted(halt.signal, `${come()}, the others were left alone`);
          worst = Math.max(worst, await each(id));
          done += 1;
        }
        return worst;
      }),
    ifLost: () => `${ids.length === 1 ? '' : `${come()}; `}what was asked for job ${ids[done]} may have been done or not`,
  };
}
