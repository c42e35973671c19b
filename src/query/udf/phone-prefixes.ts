/**
 * Where phone numbers are from, by what they begin with: a CSV file of `prefix,province,city,carrier` in UTF-8, one prefix a
 * line. A first line without a number is a heading.
 */
import { LOOKUP_ENTRIES_MAX } from '../limits.ts';

export interface PhonePlace {
  readonly province: string;
  readonly city: string;
  readonly carrier: string;
}

const PREFIX_DIGITS_MAX = 15;

export class PhonePrefixes {
  readonly #places = new Map<string, PhonePlace>();
  /** Lengths of prefixes, longest first. */
  readonly #lengths: readonly number[];

  /** Errors: Error with the first line that is not as it should be. */
  constructor(bytes: Buffer) {
    const lines = bytes
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .split('\n');
    if (lines.length > LOOKUP_ENTRIES_MAX)
      throw new Error(`it has more than ${LOOKUP_ENTRIES_MAX} lines`);
    for (const [i, line] of lines.entries()) {
      const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
      const [prefix = '', province = '', city = '', carrier = ''] = cells;
      if (line.trim() === '' || (i === 0 && !/\d/.test(prefix))) continue;
      if (!/^\d+$/.test(prefix) || prefix.length > PREFIX_DIGITS_MAX || cells.length !== 4)
        throw new Error(`line ${i + 1} is not prefix,province,city,carrier`);
      this.#places.set(prefix, { province, city, carrier });
    }
    const lengths = new Set([...this.#places.keys()].map(({ length }) => length));
    this.#lengths = [...lengths].sort((a, b) => b - a);
  }

  /** The place of the longest prefix. `86` and `+86` in front of a number do not count. */
  find(text: string): PhonePlace | undefined {
    const number = /^\s*(?:\+|00)?(?:86)?\s?(\d{1,20})\s*$/.exec(text.slice(0, 64))?.[1] ?? '';
    for (const length of this.#lengths) {
      const place = number.length < length ? undefined : this.#places.get(number.slice(0, length));
      if (place !== undefined) return place;
    }
    return undefined;
  }
}
