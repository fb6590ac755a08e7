/**
 * The private server: a real redis-server or valkey-server of the user's own, on a unix socket in a folder (`home`), started on demand
 * and left running (DESIGN section 5). At most one runs per folder: it holds the lock of {@link tryLock} as long as it lives.
 */
export { socketPath } from '../../config.ts';
export { startServer } from './start.ts';
export { type ServerStatus, serverStatus } from './status.ts';
export { stopServer } from './stop.ts';
