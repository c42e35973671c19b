/** Words with wildcards (sls-query §2.3): how they are cut, and which terms they match. */
import type { Tokenizer } from '#kernel/tokenizer.ts';

/** Stand-ins for wildcards while a word is cut: `?` is a delimiter of most fields. */
const ANY_RUN = '\uE000';
const ANY_CHAR = '\uE001';

/** A term with wildcards in it. */
export interface TermPattern {
  /** What stands before the first wildcard. */
  readonly prefix: string;
  /** What follows, with `*` and `?`. */
  readonly rest: string;
  /** Whether a whole term matches. */
  readonly matches: (term: string) => boolean;
}

/**
 * The parts of a word, each a plain term or a pattern. The tokenizer must cut at delimiters only: a dictionary would
 * tear patterns apart.
 */
export function cutPattern(tokenizer: Tokenizer, word: string): readonly (string | TermPattern)[] {
  const marked = word.replaceAll('*', ANY_RUN).replaceAll('?', ANY_CHAR);
  return tokenizer
    .cut(marked)
    .filter((term) => !/^\uE000+$/u.test(term))
    .map((term) => (/[\uE000\uE001]/u.test(term) ? termPattern(term) : term));
}

function termPattern(term: string): TermPattern {
  const prefix = term.slice(0, term.search(/[\uE000\uE001]/u));
  const rest = term.slice(prefix.length).replaceAll(ANY_RUN, '*').replaceAll(ANY_CHAR, '?');
  return { prefix, rest, matches: wildcardMatcher(term) };
}

/**
 * Whether a whole term matches. Greedy with one point to come back to, so the time is at most
 * pattern × term and never exponential, which a regular expression could be.
 */
function wildcardMatcher(pattern: string): (term: string) => boolean {
  const wanted = Array.from(pattern);
  return (term) => {
    const chars = Array.from(term);
    let at = 0;
    let next = 0;
    let starAt = -1;
    let resumeAt = 0;
    while (at < chars.length) {
      if (wanted[next] === ANY_RUN) {
        starAt = next++;
        resumeAt = at;
      } else if (wanted[next] === ANY_CHAR || wanted[next] === chars[at]) {
        next++;
        at++;
      } else if (starAt >= 0) {
        next = starAt + 1;
        at = ++resumeAt;
      } else return false;
    }
    while (wanted[next] === ANY_RUN) next++;
    return next === wanted.length;
  };
}
