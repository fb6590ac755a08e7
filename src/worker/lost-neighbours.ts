import { hostname } from 'node:os';
import { type Db, type Neighbour, neighbours } from '../store/index.ts';
import { isGone, ownProcess } from './own-process.ts';

/** The registered workers of this machine whose process is certainly gone; `names`: of these workers only. */
export async function lostNeighbours(db: Db, names?: readonly string[]): Promise<Neighbour[]> {
  const own = ownProcess();
  if (!own) return [];
  return (await neighbours(db, own.machine, hostname(), names)).filter(({ process }) => isGone(process));
}
