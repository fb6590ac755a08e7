import type { Finding, Target } from './finding.ts';
import { lookAtCallbacks } from './look-callbacks.ts';
import { lookAtCron } from './look-cron.ts';
import { lookAtDeferred } from './look-deferred.ts';
import { lookAtEntries } from './look-entries.ts';
import { lookAtJobs } from './look-jobs.ts';
import { lookAtExecutions, lookAtLeases } from './look-leases.ts';
import { lookAtNames } from './look-names.ts';
import { lookAtOwned, lookAtReleases, lookAtTypes } from './look-owned.ts';
import type { Look, Scan } from './scan.ts';

type Looks = { readonly [A in Target['area']]: Look<A> };

const LOOKS: Looks = {
  entry: lookAtEntries,
  lease: lookAtLeases,
  execution: lookAtExecutions,
  job: lookAtJobs,
  deferred: lookAtDeferred,
  owned: lookAtOwned,
  name: lookAtNames,
  release: lookAtReleases,
  callback: lookAtCallbacks,
  cron: lookAtCron,
  type: lookAtTypes,
};

/** Looks at targets of any areas, each area's together. */
export async function look(scan: Scan, targets: readonly Target[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const area of Object.keys(LOOKS) as Target['area'][]) {
    const own = targets.filter(target => target.area === area);
    if (own.length > 0) found.push(...(await (LOOKS[area] as Look<Target['area']>)(scan, own as never)));
  }
  return found;
}
