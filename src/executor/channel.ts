import { failpoint } from '../failpoint.ts';
import { describeThrown } from './failure.ts';
import type { Failure, FromExecutor, JobCall, Setup, ToExecutor } from './protocol.ts';

/** What can come to an executor. */
export interface ChannelEvents {
  setup(setup: Setup): void;
  run(call: JobCall): void;
  abort(executionId: string): void;
  answer(number: number, value: string, error: string | null): void;
  /** Something was thrown outside of any call, or the task closed the channel: the job that runs has failed. */
  blewUp(failure: Failure): void;
}

/** The executor's side of the IPC channel. */
export interface Channel {
  readonly send: (message: FromExecutor) => void;
}

/**
 * Opens the channel to the parent. What it needs of `process` is taken now: a task may replace, remove or close any of it.
 * When the parent is gone, the executor ends, and all of its group with it.
 */
export function openChannel(events: ChannelEvents): Channel {
  const send = process.send?.bind(process);
  const { pid } = process;
  const kill = process.kill.bind(process);
  if (!send) throw new Error('this is the part of rqt that it forks for itself; run `rqt worker` instead');

  process.on('message', message => receive(message as ToExecutor, events));
  // Explicitly, so that a task that removes all listeners cannot let the process end before it is heard.
  process.channel?.ref();
  process.on('disconnect', () => kill(-pid, 'SIGKILL'));
  process.disconnect = () => {
    events.blewUp({ reason: 'the task called process.disconnect(): that is the line to its worker', trace: '' });
  };
  process.on('uncaughtException', error => events.blewUp(describeThrown(error, 'uncaught exception')));
  process.on('unhandledRejection', error => events.blewUp(describeThrown(error, 'unhandled rejection')));
  return {
    send: message => {
      if (__FAILPOINTS__) failpoint(`message.${message.type}.before`);
      send(message);
      if (__FAILPOINTS__) failpoint(`message.${message.type}.after`);
    },
  };
}

function receive(message: ToExecutor, events: ChannelEvents): void {
  if (__FAILPOINTS__) failpoint(`message.${message.type}.received`);
  if (message.type === 'run') events.run(message.call);
  else if (message.type === 'abort') events.abort(message.executionId);
  else if (message.type === 'answer') events.answer(message.number, message.value, message.error);
  // A task may talk to itself through process.emit('message'), or its parent may not be rqt.
  else if (message.type === 'setup') events.setup(message.setup);
}
