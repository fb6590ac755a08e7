import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One line of /proc/PID/stat, as far as rqt looks at it. */
export interface ProcessStat {
  readonly pid: number;
  /** One letter; `Z` and `X` have ended. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** It is in the middle of its exit. */
  readonly isExiting: boolean;
  /** Threads' minor faults in children that were waited for: grows with every child that has ended. */
  readonly childFaults: number;
  /** In clock ticks since the machine started. */
  readonly startedTicks: number;
  readonly rssPages: number;
}

/** Reads the text of /proc/PID/stat (proc(5)). The name in it may contain spaces and brackets: fields count from its end. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 22);
  return {
    pid: Number.parseInt(text, 10),
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    isExiting: (Number(fields[6]) & PF_EXITING) !== 0,
    childFaults: Number(fields[8]),
    startedTicks: Number(fields[19]),
    rssPages: Number(fields[21]),
  };
}

/** Of the kernel's flags of a process (include/linux/sched.h). */
const PF_EXITING = 0x4;

/** Whether a process runs; true where there is no /proc to tell. */
export function isRunning(pid: number): boolean {
  const stat = tryTo(() => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')));
  return stat ? hasNotEnded(stat) : !existsSync('/proc/self/stat');
}

/** Every process that still runs; none where there is no /proc. */
export function listProcesses(): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const name of tryTo(() => readdirSync('/proc')) ?? []) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const stat = tryTo(() => parseStat(readFileSync(`/proc/${name}/stat`, 'latin1')));
    if (stat && hasNotEnded(stat)) found.push(stat);
  }
  return found;
}

/** A zombie has ended, and only waits to be waited for. */
function hasNotEnded({ state }: ProcessStat): boolean {
  return state !== 'Z' && state !== 'X';
}

/** What the executor `pid` has left running: its session, and whoever left that but still holds its stdout or stderr. */
export function findSurvivors(pid: number): ProcessStat[] {
  const all = listProcesses();
  const own = all.find(process => process.pid === pid);
  const outputs = new Set([1, 2].map(fd => tryTo(() => readlinkSync(`/proc/${pid}/fd/${fd}`))));
  outputs.delete(undefined);
  return all.filter(
    other =>
      other.pid !== pid &&
      (other.session === pid || (younger(other, own) && !isBeingForked(other, own) && holdsAny(other.pid, outputs))),
  );
}

/** Whether a process has not ended and is not about to: neither is a signal on its way that it does not catch, nor is it in its exit. */
export function goesOn({ pid }: ProcessStat): boolean {
  // In the order in which these come to pass, or what passes meanwhile from one to the other would be neither.
  if (isKilled(pid)) return false;
  const stat = tryTo(() => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')));
  return stat !== undefined && hasNotEnded(stat) && !stat.isExiting;
}

/** A stopped or busy one may not have come to it yet. */
function isKilled(pid: number): boolean {
  const status = tryTo(() => readFileSync(`/proc/${pid}/status`, 'latin1')) ?? '';
  const signals = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return ((signals('SigPnd') | signals('ShdPnd')) & ~(signals('SigBlk') | signals('SigIgn') | signals('SigCgt'))) !== 0n;
}

function younger(other: ProcessStat, own: ProcessStat | undefined): boolean {
  return own !== undefined && other.startedTicks >= own.startedTicks;
}

/** By the worker: until it runs a program of its own it has all that the worker has open, our outputs' other ends among it. */
function isBeingForked(other: ProcessStat, own: ProcessStat | undefined): boolean {
  if (other.parent !== own?.parent) return false;
  const [a, b] = [other.pid, own.parent].map(pid => tryTo(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1')));
  return a === b;
}

function holdsAny(pid: number, links: ReadonlySet<string | undefined>): boolean {
  const folder = `/proc/${pid}/fd`;
  const fds = tryTo(() => readdirSync(folder)) ?? [];
  return fds.some(fd => links.has(tryTo(() => readlinkSync(`${folder}/${fd}`)) ?? ''));
}

/** Processes end while they are looked at, and other users' may not be looked at. */
function tryTo<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
