const EXIT_STATUS = Symbol.for('rqt.exit-status');

/** The exit status of the command that made a task throw this, from 1 to 255; null where there was none. The task says so with a symbol. */
export function exitStatusOf(thrown: unknown): number | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  try {
    const status = (thrown as { readonly [EXIT_STATUS]?: unknown })[EXIT_STATUS];
    return Number.isInteger(status) && Number(status) >= 1 && Number(status) <= 255 ? Number(status) : null;
  } catch {
    return null;
  }
}
