import { type Control, subscribe } from '../store/index.ts';
import { askToStop, type Companion, type Slot, stopRunning } from './slot.ts';

/** Obeys RQ's commands on the worker's channel (rq/command.py), from `rq` and `rqt` alike. */
export async function startControl(slot: Slot): Promise<Companion> {
  const subscription = await subscribe(slot.db, slot.entry.name, control => obey(slot, control));
  return { stop: () => subscription.close() };
}

function obey(slot: Slot, control: Control): void {
  switch (control.command) {
    case 'shutdown':
      return askToStop(slot, 'warm');
    case 'kill-horse':
      return killExecutor(slot.running?.executor.pid ?? null);
    case 'stop-job':
      if (slot.running?.job.id === control.jobId) stopRunning(slot, 'stop');
  }
}

function killExecutor(pid: number | null): void {
  try {
    if (pid !== null) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
