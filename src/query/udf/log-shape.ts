/**
 * The shape of a log: its text with what varies from log to log as `*`: quoted texts, times, addresses, ids, numbers. The first
 * step of clustering (sls-query §4.7); logs that differ in such parts only have the same shape and are counted as one.
 */
import { LOG_SHAPE_CHARS_MAX } from '../limits.ts';

const WILDCARD = '*';

/** Quoted texts, of which the keys of objects stay, and stretches between blanks and brackets. */
const STRETCHES =
  /(?<key>"[^"]*"\s*:)|(?<quoted>"[^"]*"|(?<=^|[\s=:,([])'[^']*'(?=$|[\s,;)\]]))|[^\s"'()[\]{}<>,;=|]+/g;

/** What varies in a stretch with digits, most particular first. */
const VARYING: RegExp = new RegExp(
  [
    // Ids of 128 bits.
    String.raw`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`,
    // Dates and times, alone, together or in the form of access logs.
    String.raw`\b\d{4}[-/]\d\d[-/]\d\d(?:T\d\d:\d\d:\d\d(?:[.]\d+)?(?:Z|[+-]\d\d:?\d\d\b)?)?`,
    String.raw`\b\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\b`,
    String.raw`\b\d\d:\d\d:\d\d(?:[.]\d+)?\b`,
    // IPv4 and IPv6, with a port or a length.
    String.raw`\b\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?\b`,
    String.raw`(?<![0-9a-zA-Z:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7}(?![0-9a-zA-Z:])`,
    // Numbers in hexadecimal digits, and words that are some letters and many digits.
    String.raw`\b0x[0-9a-fA-F]+\b`,
    String.raw`\b(?=[a-fA-F]*\d)[0-9a-fA-F]{12,}\b`,
    String.raw`\b(?=[a-zA-Z_]*\d[a-zA-Z_]*\d[a-zA-Z_]*\d)(?=[0-9_]*[a-zA-Z])[a-zA-Z0-9_]{8,}\b`,
    // Other numbers, also as a part of a word.
    String.raw`(?:(?<!\w)[-+])?\d+(?:\.\d+)*`,
  ].join('|'),
  'g',
);

/** Blanks count as one; of longer texts the beginning. */
export function logShape(text: string): string {
  const start = text.length > LOG_SHAPE_CHARS_MAX ? text.slice(0, LOG_SHAPE_CHARS_MAX) : text;
  return start
    .replaceAll(STRETCHES, (part: string, key: string | undefined, quoted: string | undefined) => {
      if (key !== undefined) return key;
      if (quoted !== undefined) return WILDCARD;
      // Most words have no digits.
      return /\d/.test(part) ? part.replaceAll(VARYING, WILDCARD) : part;
    })
    .replaceAll(/\s+/g, ' ')
    .trim();
}
