import type { Again, Failure, FromExecutor, Outcome, TaskRequest } from './protocol.ts';

/**
 * Reads what came over the channel from an executor. A task runs in there and can send whatever it likes (`process.send`): what is no message
 * is null, so that nothing that a task says can bring its worker down.
 */
export function readMessage(message: unknown): FromExecutor | null {
  if (!isRecord(message)) return null;
  switch (message.type) {
    case 'ready':
      return { type: 'ready' };
    case 'unfit':
      return typeof message.why === 'string' ? { type: 'unfit', why: message.why } : null;
    case 'aborting':
      return typeof message.heeded === 'boolean' ? { type: 'aborting', heeded: message.heeded } : null;
    case 'done':
      return isOutcome(message.outcome) && isText(message.left)
        ? { type: 'done', outcome: message.outcome, left: message.left }
        : { type: 'done', outcome: NO_OUTCOME, left: NO_OUTCOME.failure.reason };
    case 'request': {
      const { number, request } = message;
      return Number.isSafeInteger(number) && isRequest(request) ? { type: 'request', number: Number(number), request } : null;
    }
    default:
      return null;
  }
}

/** Something has said that the job is over: it must not be waited for any longer. */
const NO_OUTCOME = {
  kind: 'failed',
  failure: { reason: 'the task sent a message that only its executor may send', trace: '' },
} as const;

function isOutcome(outcome: unknown): outcome is Outcome {
  if (!isRecord(outcome)) return false;
  if (outcome.kind === 'finished') return isText(outcome.resultJson) && isText(outcome.absent);
  // Only the worker's side says that a job was stopped.
  return outcome.kind === 'failed' && isFailure(outcome.failure) && (outcome.again === undefined || isAgain(outcome.again));
}

function isFailure(failure: unknown): failure is Failure {
  if (!isRecord(failure) || typeof failure.reason !== 'string' || typeof failure.trace !== 'string') return false;
  const { exitStatus } = failure;
  return exitStatus === undefined || (Number.isInteger(exitStatus) && Number(exitStatus) >= 1 && Number(exitStatus) <= 255);
}

function isAgain(again: unknown): again is Again {
  if (!isRecord(again)) return false;
  if (again.kind === 'never') return true;
  return again.kind === 'in' && isCount(again.inMs) && (again.max === null || typeof again.max === 'number');
}

function isRequest(request: unknown): request is TaskRequest {
  if (!isRecord(request)) return false;
  switch (request.type) {
    case 'meta':
      return typeof request.json === 'string';
    case 'progress':
      return typeof request.fraction === 'number' && typeof request.note === 'string';
    case 'enqueue':
      // What a task may pass to job.enqueue by mistake is refused by name, where it is fulfilled.
      return isRecord(request.options);
    default:
      return false;
  }
}

function isText(text: unknown): text is string | null {
  return text === null || typeof text === 'string';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
