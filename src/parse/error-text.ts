/** What a failed attempt left, told apart: one line for a person, and the task's own stack trace, '' without one. */
export interface ErrorText {
  readonly reason: string;
  readonly trace: string;
}

/**
 * Splits the text that is kept with a failed attempt. rqt keeps the reason first; Python keeps a traceback whose last
 * line is the reason. Not yet safe.
 */
export function splitError(error: string): ErrorText {
  const lines = error.replace(/\r\n?/g, '\n').trimEnd().split('\n');
  if (lines[0]?.startsWith('Traceback (most recent call last)')) {
    return { reason: lines.at(-1) ?? '', trace: lines.join('\n') };
  }
  const reason = lines[0] ?? '';
  // A JavaScript stack begins with the reason again.
  const rest = lines[1] === reason ? lines.slice(2) : lines.slice(1);
  return { reason, trace: rest.join('\n') };
}
