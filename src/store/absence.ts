import type { RqtError } from '../errors.ts';
import { type Db, hasMovedOn } from './db.ts';
import { reasonOf, refusalOf } from './failure.ts';

/** Who hears what becomes of a lasting connection. */
export interface AbsenceListener {
  /** It is lost, or did not come back for this reason. */
  lost(reason: string): void;
  /** Redis is back and does not let us in (a new password, say), which time alone does not change. */
  refused(error: RqtError): void;
  back(): void;
}

/** Tells of a lasting connection when Redis is away, until what this returns is called. */
export function watchAbsence(db: Db, listener: AbsenceListener): () => void {
  const { client, where } = db;
  let reason = 'the connection was closed';
  const onError = (error: Error) => {
    reason = reasonOf(error);
    const refusal = refusalOf(where, error);
    if (refusal && refusal.code !== 'tryAgain') listener.refused(refusal);
  };
  const onClose = () => {
    if (!hasMovedOn(db)) listener.lost(reason);
  };
  const onReady = () => listener.back();
  client.on('error', onError).on('close', onClose).on('ready', onReady);
  return () => client.off('error', onError).off('close', onClose).off('ready', onReady);
}
