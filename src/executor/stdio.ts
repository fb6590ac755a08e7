/**
 * Makes writes to stdout and stderr synchronous, whoever makes them.
 *
 * Node opens its own end of these sockets non-blocking. Since that flag belongs to the open file and not to the
 * descriptor, `fs.writeSync(1, …)` and inherited streams of child processes would then fail with EAGAIN on long texts, and what
 * console.log buffered would come after what others wrote. Blocking also slows down a task that floods its reader.
 */
export function keepStdioSynchronous(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // setBlocking is what libuv's uv_stream_set_blocking is called in Node; it has no public name.
    const handle = (stream as unknown as { _handle?: { setBlocking?: (blocking: boolean) => number } })._handle;
    handle?.setBlocking?.(true);
  }
}
