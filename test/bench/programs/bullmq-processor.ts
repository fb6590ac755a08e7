/** BullMQ's sandboxed no-op. */
export default async function noop(): Promise<void> {}
