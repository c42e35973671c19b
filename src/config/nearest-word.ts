/** Suggestions for words that nobody knows: options and commands that were typed wrong. */

/** More changes than this make another word, not a slip of the fingers. */
const CHANGES_MAX = 4;

/** The candidate that takes the fewest changes; undefined when none is near. */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const nearest = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((left, right) => left.distance - right.distance)[0];
  // A short word is near to everything; at least one letter of two has to be right.
  if (nearest === undefined || nearest.distance > Math.min(CHANGES_MAX, word.length / 2))
    return undefined;
  return nearest.candidate;
}

/** Levenshtein's: how many letters have to be put in, taken out or changed. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const change = left[row - 1] === right[column - 1] ? 0 : 1;
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + change,
      );
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
