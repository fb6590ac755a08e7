/**
 * The candidate that a mistyped word most likely means, or null when none is near: at most a third of its letters wrong
 * (a swap of neighbours counts once), or the word being the start of just one candidate. For "did you mean …?".
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const wanted = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceBetween(wanted, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best ?? onlyCompletion(wanted, candidates);
}

function onlyCompletion(wanted: string, candidates: readonly string[]): string | null {
  const completions = candidates.filter(candidate => candidate.toLowerCase().startsWith(wanted));
  return wanted.length >= 2 && completions.length === 1 ? (completions[0] ?? null) : null;
}

/** Damerau-Levenshtein (optimal string alignment), row by row. Words far too unlike in length are not compared. */
function distanceBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 5 || a.length > 100) return Number.POSITIVE_INFINITY;
  let twoUp: number[] = [];
  let up = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const edit = Math.min(get(up, j) + 1, get(row, j - 1) + 1, get(up, j - 1) + (isSame ? 0 : 1));
      row.push(isSwap ? Math.min(edit, get(twoUp, j - 2) + 1) : edit);
    }
    [twoUp, up] = [up, row];
  }
  return get(up, b.length);
}

function get(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
