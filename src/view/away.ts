import { formatDuration } from './duration.ts';
import { safeLine } from './safe.ts';

/** Why there is no new picture: Redis is away, or (`reason` null) owes an answer. */
export interface Away {
  readonly reason: string | null;
  /** Why nobody brings it back, where that is known. */
  readonly explanation: string | null;
  /** For how long. */
  readonly forMs: number;
}

/** One line for a person who looks at an old picture, or at none. */
export function renderAway({ reason, explanation, forMs }: Away): string {
  const since = formatDuration(Math.floor(forMs / 1000) * 1000);
  const state = forMs < 1000 ? 'is away' : `has been away for ${since}`;
  if (reason === null) return `Redis has not answered for ${since}: going on when it does`;
  return `Redis ${state} (${safeLine(reason)}): ${safeLine(explanation ?? 'going on when it is back')}`;
}
