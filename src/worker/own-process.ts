import { readFileSync, readlinkSync } from 'node:fs';
import { parseStat } from '../executor/processes.ts';

/**
 * Names a process beyond doubt: `<boot id>:<pid namespace>:<pid>:<start time>`. Within one boot and one namespace, a pid with its start
 * time means one process. Linux only.
 */
export interface ProcessName {
  /** `<boot id>:<pid namespace>`: where pids mean the same. */
  readonly machine: string;
  readonly full: string;
}

/** The name of this process, or null where the kernel does not tell. */
export function ownProcess(): ProcessName | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const namespace = /\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/pid'))?.[1];
    const own = parseStat(readFileSync('/proc/self/stat', 'latin1'));
    // A /proc of another namespace has other pids.
    if (!namespace || own.pid !== process.pid) return null;
    const machine = `${boot}:${namespace}`;
    return { machine, full: `${machine}:${own.pid}:${own.startedTicks}` };
  } catch {
    return null;
  }
}

/** Whether a process of this machine has certainly ended. What cannot be looked at counts as alive. */
export function isGone(full: string): boolean {
  const [pid, startedTicks] = full.split(':').slice(-2).map(Number);
  if (!pid || !startedTicks) return false;
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return stat.state === 'Z' || stat.state === 'X' || stat.startedTicks !== startedTicks;
  } catch {
    // Other users' processes may be hidden in /proc, but not from a signal.
    return !canBeSignalled(pid);
  }
}

function canBeSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
