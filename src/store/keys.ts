/** The name of every key that rqt reads outside its scripts (RQ-LAYOUT section 2). `prefix` is `rq` unless `--namespace` says otherwise. */
export const keys = {
  queues: (prefix: string) => `${prefix}:queues`,
  queue: (prefix: string, queue: string) => `${prefix}:queue:${queue}`,
  job: (prefix: string, id: string) => `${prefix}:job:${id}`,
  dependencies: (prefix: string, id: string) => `${prefix}:job::${id}:dependencies`,
  results: (prefix: string, id: string) => `${prefix}:results:${id}`,
  output: (prefix: string, id: string) => `${prefix}:rqt:output:${id}`,
  live: (prefix: string, id: string) => `${prefix}:rqt:live:${id}`,
  executions: (prefix: string, id: string) => `${prefix}:executions:${id}`,
  registry: (prefix: string, registry: Registry, queue: string) => `${prefix}:${registry}:${queue}`,
  workers: (prefix: string) => `${prefix}:workers`,
  workersOf: (prefix: string, queue: string) => `${prefix}:workers:${queue}`,
  worker: (prefix: string, worker: string) => `${prefix}:worker:${worker}`,
  group: (prefix: string, group: string) => `${prefix}:group:${group}`,
  children: (prefix: string, id: string) => `${prefix}:rqt:children:${id}`,
  dependents: (prefix: string, id: string) => `${prefix}:job:${id}:dependents`,
  channel: (prefix: string, worker: string) => `${prefix}:pubsub:${worker}`,
  suspended: (prefix: string) => `${prefix}:suspended`,
  queueSuspended: (prefix: string, queue: string) => `${prefix}:rqt:suspended:${queue}`,
  cron: (prefix: string) => `${prefix}:rqt:cron`,
  cronEntry: (prefix: string, name: string) => `${prefix}:rqt:cron:${name}`,
  callbacks: (prefix: string, queue: string) => `${prefix}:rqt:callbacks:${queue}`,
  /** On which workers hear that the timetable was changed. A message to a worker of this name is none of it. */
  cronChannel: (prefix: string) => `${prefix}:pubsub:rqt:cron`,
  /** On which workers hear of callbacks that are due, or count no more, and of leases that have lapsed. */
  callbackChannel: (prefix: string) => `${prefix}:pubsub:rqt:callbacks`,
} as const;

/** RQ's registries; `wip` is the one of started jobs. */
export type Registry = 'wip' | 'finished' | 'failed' | 'deferred' | 'scheduled' | 'canceled';
