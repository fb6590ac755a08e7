import { type Control, subscribe } from '../store/index.ts';
import { beat } from './heartbeat.ts';
import type { Scheduler } from './scheduler.ts';
import { askToStop, type Companion, type Slot, stopRunning } from './slot.ts';
import { noteDueCallbacks } from './sweeper.ts';

/** Obeys RQ's commands on the worker's channel (rq/command.py), from `rq` and `rqt` alike. What it could not hear it asks for in a heartbeat. */
export function startControl(slot: Slot, scheduler: Scheduler): Companion & { readonly listens: Promise<void> } {
  const subscription = subscribe(slot.db, slot.entry.name, {
    onControl: control => obey(slot, control),
    onCron: () => scheduler.look(),
    onDueCallback: queue => {
      if (slot.options.queues.includes(queue)) noteDueCallbacks(slot);
    },
    onCallbackTakenBack: execution => {
      if (slot.running?.job.execution === execution) stopRunning(slot, 'lost');
    },
    onOverdue: execution => {
      if (slot.running?.job.execution === execution) void beat(slot);
    },
    onAgain: () => {
      void beat(slot);
      noteDueCallbacks(slot);
      scheduler.look();
    },
  });
  return { listens: subscription.listens, stop: () => subscription.close() };
}

function obey(slot: Slot, control: Control): void {
  switch (control.command) {
    case 'shutdown':
      askToStop(slot, 'warm');
      break;
    case 'kill-horse':
      if (control.execution === null || slot.running?.job.execution === control.execution) stopRunning(slot, 'kill');
      break;
    case 'stop-job':
      if (slot.running?.job.id === control.jobId) stopRunning(slot, 'stop');
  }
}
