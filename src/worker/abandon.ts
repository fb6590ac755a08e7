import type { Companion, Slot } from './slot.ts';

const LOOK_MS = 500;
/** A connection that is lost for less than this may be coming back. */
const PATIENCE_MS = 2000;
/** What a cold stop takes beside the two grace periods of the job that it ends. */
const COLD_STOP_MS = 5000;

/** A companion that may end the worker. */
export interface Abandonment extends Companion {
  /** Resolves when the worker is to end without Redis; what waits for Redis is left alone. */
  readonly happened: Promise<'stopped'>;
}

/**
 * Ends a worker that was asked to stop and cannot tell Redis so. A warm stop waits for Redis as long as the end of a job is still to be kept;
 * a cold one does not.
 */
export function startAbandonment(slot: Slot): Abandonment {
  let timer: NodeJS.Timeout | undefined;
  const happened = new Promise<'stopped'>(resolve => {
    let hopelessMs = 0;
    let coldMs = 0;
    const sayWhy = explainWait(slot);
    const look = () => {
      sayWhy();
      const isHopeless = slot.connection.isLost && (slot.asked === 'cold' || !slot.holdsJob);
      hopelessMs = isHopeless ? hopelessMs + LOOK_MS : 0;
      // The callback of a run that was stopped has its own time.
      const isEnding = slot.asked === 'cold' && !(slot.options.stopsAtOnce && slot.running);
      coldMs = isEnding ? coldMs + LOOK_MS : 0;
      if (hopelessMs < PATIENCE_MS && coldMs < 2 * slot.options.graceMs + COLD_STOP_MS) return;
      clearInterval(timer);
      slot.abandoned = true;
      slot.options.log({ event: 'warning', text: farewell(slot) });
      resolve('stopped');
    };
    slot.stopAsked.signal.addEventListener('abort', () => {
      sayWhy();
      timer = setInterval(look, LOOK_MS);
    });
  });
  return { happened, stop: () => clearInterval(timer) };
}

/** Says once that a warm stop waits for Redis, as soon as it does. */
function explainWait(slot: Slot): () => void {
  let isTold = false;
  return () => {
    const waits = slot.asked === 'warm' && slot.connection.isLost && slot.unkept !== null && slot.running === null;
    if (isTold || !waits) return;
    isTold = true;
    const text = `stopping waits for Redis to keep the end of job ${slot.unkept}; another signal ends this worker without that, and the job ${RUNS_AGAIN}`;
    slot.options.log({ event: 'warning', text });
  };
}

function farewell({ unkept, options }: Slot): string {
  const consequence = options.stopsAtOnce ? '' : `, so it ${RUNS_AGAIN}`;
  const rest = unkept === null ? 'other workers will find that out' : `the end of job ${unkept} is not kept${consequence}`;
  return `Redis does not answer: stopping without it, ${rest}`;
}

/** Not the job of a run, which nobody else takes. */
const RUNS_AGAIN = 'will run again (with --at-most-once: fails)';
