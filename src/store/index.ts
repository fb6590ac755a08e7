/** THE Redis data model: every key, every encoding, every transition. Only this folder imports ioredis. */
export { type Canceled, cancel, STOPPED_BY_USER, stateOf, waitUntilEnded } from './cancel.ts';
export {
  type Claim,
  type ClaimedJob,
  type ClaimRequest,
  claim,
  type OutputChunk,
  type Settled,
  type Settlement,
  settle,
} from './claim.ts';
export { closeDb, type Db } from './db.ts';
export { type Deleted, deleteJob } from './delete.ts';
export { details } from './details.ts';
export { countQueued, empty } from './empty.ts';
export { type CallbackName, type Enqueued, type EnqueueOptions, enqueue, type NewJob, type Plan } from './enqueue.ts';
export { failureOf } from './failure.ts';
export { type Control, type Doorbell, openDoorbell, subscribe } from './listen.ts';
export { maintain, sweep } from './maintain.ts';
export { openStore } from './open.ts';
export { overview, queueNames } from './overview.ts';
export { type Requeued, requeue } from './requeue.ts';
export { keepOutput, putBack, type Renewal, renew } from './running.ts';
export { ownAddress, register, unregister, type WorkerEntry } from './worker-entry.ts';
