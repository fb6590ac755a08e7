/** The timetable of `rqt cron`: loaded by those who have to do with it, apart from the rest of the store. */
export { cronEntries, cronNames } from './entries.ts';
export { type DueEntry, dueCron, fireCron, runCron } from './firing.ts';
export { type CronDefinition, type PutOutcome, pauseCron, putCron, removeCron, resumeCron } from './timetable.ts';
