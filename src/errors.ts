/**
 * The one error class of rqt and the one table that maps its codes to exit statuses (DESIGN section 6).
 */

/** Every way in which a command of rqt can fail, and the exit status it ends with. */
export const EXIT_STATUS = {
  /** A job failed, or the answer is no. */
  no: 1,
  /** Flags, their values, names and ids. */
  usage: 64,
  /** The content of arguments and input lines. */
  data: 65,
  /** No such job, queue, worker, task or file. */
  missing: 66,
  /** Redis cannot be reached. */
  unreachable: 69,
  /** A bug in rqt. */
  bug: 70,
  /** A file that was asked for cannot be written. */
  cannotWrite: 73,
  /** Not now, try again: suspended, unfinished, over a limit. */
  tryAgain: 75,
  /** The configuration is wrong. */
  config: 78,
  /** The private server ends at its start: its data or settings are damaged. */
  brokenServer: 78,
} as const;

/** A key of {@link EXIT_STATUS}. */
export type ErrorCode = keyof typeof EXIT_STATUS;

/**
 * A failure with one line for a person (what failed, on what, what to do next) and a code for the exit status.
 * Match on `code`, never on the message.
 */
export class RqtError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RqtError';
    this.code = code;
  }
}

/** The exit status for anything thrown: that of its code, and 70 for what is not an {@link RqtError}. */
export function exitStatusOf(error: unknown): number {
  return error instanceof RqtError ? EXIT_STATUS[error.code] : EXIT_STATUS.bug;
}
