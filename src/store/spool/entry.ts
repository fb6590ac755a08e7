import { readJson } from '../../parse/exact-json.ts';
import type { EnqueueOptions, NewJob } from '../enqueue.ts';

/** What a file of the spool holds. */
export interface Entry {
  readonly version: 1;
  readonly kind: 'spooled';
  readonly namespace: string;
  /** When it was kept, by this machine's clock in epoch milliseconds; absent in files of older versions. */
  readonly keptAt?: number;
  /** Under which Redis remembers that it has these jobs. */
  readonly token: string;
  readonly jobs: readonly NewJob[];
  readonly options: EnqueueOptions;
}

/** Reads a file's content, or says what is wrong with it. */
export function readEntry(text: string, namespace: string): Entry | string {
  let entry: Partial<Entry> | null;
  try {
    entry = readJson(text) as Partial<Entry> | null;
  } catch {
    return 'it is damaged: no JSON';
  }
  if (entry?.kind !== 'spooled') return 'it is no file of a spool';
  if (entry.version !== 1) return `its version is ${Number(entry.version)}, and this rqt reads version 1`;
  if (entry.namespace !== namespace) return 'it is for another namespace';
  const { token, jobs, options, keptAt } = entry;
  const isNamed = typeof token === 'string' && token !== '' && (keptAt === undefined || Number.isFinite(keptAt));
  const isWhole = isNamed && isFilled(jobs) && jobs.every(isJob) && isOptions(options);
  return isWhole ? (entry as Entry) : 'it is damaged: something is missing';
}

function isFilled(jobs: unknown): jobs is readonly unknown[] {
  return Array.isArray(jobs) && jobs.length > 0;
}

function isJob(job: unknown): boolean {
  if (!isRecord(job) || !isRecord(job.call)) return false;
  const { task, args, kwargs } = job.call;
  const isCall = typeof task === 'string' && Array.isArray(args) && isRecord(kwargs);
  return isCall && typeof job.id === 'string' && typeof job.description === 'string';
}

function isOptions(options: unknown): boolean {
  return isRecord(options) && typeof options.queue === 'string' && isRecord(options.limits) && isRecord(options.plan);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
