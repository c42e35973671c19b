/** Which names of fields get through `-wildcard`: in JavaScript for rows that are answered, in SQL for fields that are packed. */
import { quoteText } from '../sql/text.ts';

export interface NameFilter {
  /** Whether names like one of the patterns stay; else they go. */
  readonly keeps: boolean;
  /** `*` is any run of characters. */
  readonly patterns: readonly string[];
}

export function passes(filters: readonly NameFilter[], name: string): boolean {
  return filters.every(
    ({ keeps, patterns }) => patterns.some((pattern) => isLike(name, pattern)) === keeps,
  );
}

/** Each part between stars is looked for once, behind the one before it: linear in the name. */
function isLike(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length >= at + last.length && name.endsWith(last);
}

/** The condition that the SQL expression `name` gets through. */
export function passesSql(filters: readonly NameFilter[], name: string): string {
  const conditions = filters.map(({ keeps, patterns }) => {
    const likes = patterns.map((pattern) => `${name} GLOB ${quoteText(globText(pattern))}`);
    return `${keeps ? '' : 'NOT '}(${likes.join(' OR ')})`;
  });
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}

/** Only the star is one for the user. */
function globText(pattern: string): string {
  return pattern.replaceAll(/[[?\\]/g, (sign) => (sign === '\\' ? '\\\\' : `[${sign}]`));
}
