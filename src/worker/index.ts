/** The worker: the loop and its companions. */
export { type Told, WORKER_DEFAULTS, type WorkerEnd, type WorkerOptions } from './options.ts';
export { exitStatusOfWorker, runWorker } from './worker.ts';
