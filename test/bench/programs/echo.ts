/** The other end of an empty round trip over IPC. */
process.on('message', message => process.send?.(message));
