/**
 * The spool: a folder in which jobs wait while their Redis cannot be reached. One file holds some jobs of one enqueue, under a token that
 * Redis remembers when it has them: it may be sent by several at a time, and again after a crash, and is taken in once.
 */
export { keep } from './keep.ts';
export { sendAll } from './send.ts';
