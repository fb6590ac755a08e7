/** THE Redis data model: every key, every encoding, every transition. Only this folder imports ioredis. */
export { watchAbsence } from './absence.ts';
export { awaitJob, findUnservedQueue } from './await.ts';
export { type DueCallback, endCallback, takeCallback } from './callbacks.ts';
export { type Canceled, cancel, queueOf, STOPPED_BY_USER, stateOf } from './cancel.ts';
export {
  type Callback,
  type Claim,
  type ClaimedJob,
  type ClaimRequest,
  claim,
  type Output,
  type OutputChunk,
  outcomeNote,
  type Settled,
  type Settlement,
  settle,
} from './claim.ts';
export { redisNow } from './clock.ts';
export { coming } from './coming.ts';
export { kill, shutdown, type Told, workerNames } from './command-worker.ts';
export { closeDb, type Db, hasMovedOn } from './db.ts';
export { deleteJob } from './delete.ts';
export { details } from './details.ts';
export { countQueued, empty } from './empty.ts';
export {
  type CallbackName,
  type Enqueued,
  type EnqueueOptions,
  enqueue,
  enqueueOncePer,
  type JobPlan,
  type NewJob,
} from './enqueue.ts';
export { countFailed, type FailedJob, failedJobs } from './failed.ts';
export { failureOf, isPassing, reasonOf, refusalOf } from './failure.ts';
export { followOutput } from './follow.ts';
export type { JobQuery } from './job-rows.ts';
export { listJobs } from './jobs.ts';
export { type Control, type Doorbell, openDoorbell, subscribe } from './listen.ts';
export { bury, forget, LAST_CALL_MS, maintain, type Neighbour, neighbours, type Swept, sweep } from './maintain.ts';
export { markNamespace, namespaceKeys, removeNamespace, unmarkedNamespaces } from './namespace.ts';
export { OVERLAPS, type Overlap } from './once.ts';
export { openStore } from './open.ts';
export { cutMark, type OutputPiece, readPieces } from './output.ts';
export { knownQueues, overview, queueNames } from './overview.ts';
export { untilRead } from './passing.ts';
export { type Requeued, requeue } from './requeue.ts';
export { type JobResult, result } from './result.ts';
export { dropLostRuns, dropRun, noteRun } from './run-queue.ts';
export { type GivenBack, handOn, keepOutput, note, putBack, type Renewal, renew } from './running.ts';
export { type Stopped, silentForMs, stop, waitUntilStopped } from './stop.ts';
export { resume, suspend } from './suspend.ts';
export { jobTree } from './tree.ts';
export { groupMembers, hasGroup, Vigil, type WaitedJob } from './wait.ts';
export { ownAddress, register, unregister, type WorkerEntry } from './worker-entry.ts';
export { passedOver, passWrongTypes } from './wrong-type.ts';
