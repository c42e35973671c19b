/**
 * The leaves of a JSON object: strings, numbers and booleans below objects, each with its dotted path. What
 * stands in arrays is no leaf. Numbers keep their text. A strict parser (RFC 8259): a text with any fault, or
 * deeper than `JSON_DEPTH_MAX`, or whose top is no object, has no leaves at all.
 */
import { JSON_DEPTH_MAX } from './limits.ts';

export interface JsonLeaf {
  readonly path: string;
  readonly text: string;
}

const BLANKS = /[ \t\n\r]*/uy;
// oxlint-disable-next-line no-control-regex -- JSON forbids exactly these inside strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

/** In order of appearance; a repeated name gives repeated leaves. */
export function jsonLeaves(text: string): readonly JsonLeaf[] {
  const parser = new LeafParser(text);
  return parser.run() ? parser.leaves : [];
}

class LeafParser {
  readonly leaves: JsonLeaf[] = [];
  readonly #text: string;
  #at: number = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): boolean {
    this.#match(BLANKS);
    if (!this.#object('', 0, true)) return false;
    this.#match(BLANKS);
    return this.#at === this.#text.length;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Takes the character, with the blanks around it. */
  #take(char: string): boolean {
    this.#match(BLANKS);
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    this.#match(BLANKS);
    return true;
  }

  #object(prefix: string, depth: number, keep: boolean): boolean {
    if (depth > JSON_DEPTH_MAX || !this.#take('{')) return false;
    if (this.#take('}')) return true;
    do {
      const name = this.#match(STRING);
      if (name === undefined || !this.#take(':')) return false;
      const path = keep ? prefix + unquote(name) : '';
      if (!this.#value(path, depth + 1, keep)) return false;
    } while (this.#take(','));
    return this.#take('}');
  }

  #array(depth: number): boolean {
    if (depth > JSON_DEPTH_MAX || !this.#take('[')) return false;
    if (this.#take(']')) return true;
    do if (!this.#value('', depth + 1, false)) return false;
    while (this.#take(','));
    return this.#take(']');
  }

  #value(path: string, depth: number, keep: boolean): boolean {
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(keep ? `${path}.` : '', depth, keep);
    if (first === '[') return this.#array(depth);
    const found = this.#match(first === '"' ? STRING : SCALAR);
    if (found === undefined || found === '') return false;
    if (keep && found !== 'null')
      this.leaves.push({ path, text: first === '"' ? unquote(found) : found });
    return true;
  }
}

function unquote(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}
