/**
 * A corpus of real files: every line is a log. `*access*` files are parsed by the combined pattern, `.ndjson` objects
 * become fields, everything else is the field `content`. Times start now and go on at a steady rate; when the files
 * end they begin again, which compresses better than new logs would: the facts say how often.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FactCounter } from './corpus-facts.ts';
import { FieldKey, GroupWriter } from './group-writer.ts';
import { CorpusRandom } from './random.ts';
import { GROUP_BYTES } from './synthetic-corpus.ts';

const LOGS_PER_SECOND = 1000;

/** Wire limit of a key and a bound for the table of names. */
const KEYS_MAX = 10_000;

/** One line in so many is looked at for a needle. */
const NEEDLE_EVERY = 50;

const COMBINED =
  /^(\S+) \S+ (\S+) \[([^\]]+)\] "(\S+) (\S+) ([^"]+)" (\d+) (\S+) "([^"]*)" "([^"]*)"/u;
const COMBINED_NAMES =
  'remote_addr remote_user time_local method uri protocol status body_bytes referer user_agent'.split(
    ' ',
  );

/** A long word with digits: likely an id. */
const ID_WORD = /\b(?=[A-Za-z]*\d)[A-Za-z0-9]{12,40}\b/u;

type Shape = 'line' | 'access' | 'json';

export class RealCorpus {
  readonly counter: FactCounter;
  readonly #paths: readonly string[];
  readonly #keys = new Map<string, FieldKey>();
  readonly #writer = new GroupWriter();
  readonly #lines: Generator<{
    readonly text: string;
    readonly path: string;
    readonly shape: Shape;
  }>;
  readonly #words: WordCounter = new WordCounter();
  #time: number;

  /** `time`: Unix seconds of the first log. */
  constructor(options: { readonly directory: string; readonly time: number }) {
    this.#paths = readdirSync(options.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:log|ndjson|jsonl|txt)$/u.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted((a, b) => (a < b ? -1 : 1));
    if (this.#paths.length === 0)
      throw new Error(`no .log, .ndjson, .jsonl or .txt file in ${options.directory}`);
    this.counter = new FactCounter(new CorpusRandom(1));
    this.counter.hasAllText = false;
    this.#time = options.time;
    this.#lines = this.#readLines();
  }

  /** The word of the first pass that comes nearest to 5 % of the lines, and how many lines have it. */
  common(): { readonly word: string; readonly count: number } {
    return this.#words.nearest(0.05);
  }

  /** The next group: a view that the call after it overwrites. Never ends. */
  next(): Uint8Array {
    const writer = this.#writer;
    writer.clear();
    let path = '';
    while (writer.length < GROUP_BYTES) {
      const line = this.#lines.next().value as { text: string; path: string; shape: Shape };
      // A group is from one file.
      path ||= line.path;
      this.#writeLine(line);
      if (line.path !== path) break;
    }
    const bytes = writer.finish({
      topic: '',
      source: '127.0.0.1',
      tags: [
        ['__hostname__', 'bench'],
        ['__path__', path],
      ],
    });
    this.counter.groupCount++;
    this.counter.rawBytes += bytes.length;
    return bytes;
  }

  #writeLine({ text, shape }: { readonly text: string; readonly shape: Shape }): void {
    const { counter } = this;
    this.#time += 1 / LOGS_PER_SECOND;
    const time = Math.floor(this.#time);
    this.#writer.beginLog(time);
    const fields = parseLine(text, shape);
    for (const [name, value] of fields) this.#writer.field(this.#key(name), value);
    this.#writer.endLog();
    counter.row(time, time);
    if (counter.passCount > 1) return;
    this.#words.add(text);
    if (counter.rowCount % NEEDLE_EVERY !== 0) return;
    const needle = ID_WORD.exec(text);
    if (needle !== null) counter.needle({ term: needle[0], time });
  }

  *#readLines(): Generator<{ text: string; path: string; shape: Shape }> {
    for (;;) {
      let count = 0;
      for (const path of this.#paths) {
        const shape = shapeOf(path);
        for (const text of readFileSync(path, 'utf8').split(/\r?\n/u)) {
          if (text === '') continue;
          count++;
          yield { text, path, shape };
        }
      }
      if (count === 0) throw new Error('the files of the corpus have no lines');
      this.counter.passCount++;
    }
  }

  #key(name: string): FieldKey {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const made = new FieldKey(name.slice(0, 100) || 'empty');
    if (this.#keys.size < KEYS_MAX) this.#keys.set(name, made);
    return made;
  }
}

function shapeOf(path: string): Shape {
  if (/\.(?:ndjson|jsonl)$/u.test(path)) return 'json';
  return /access[^/]*\.log$/u.test(path) ? 'access' : 'line';
}

function parseLine(text: string, shape: Shape): readonly (readonly [string, string])[] {
  if (shape === 'access') {
    const match = COMBINED.exec(text);
    if (match !== null) return COMBINED_NAMES.map((name, i) => [name, match[i + 1]!]);
  }
  if (shape === 'json') {
    try {
      const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
      return Object.entries(value).map(([name, member]) => [
        name,
        typeof member === 'string' ? member : JSON.stringify(member),
      ]);
    } catch {
      return [['content', text]];
    }
  }
  return [['content', text]];
}

const WORDS_MAX = 200_000;

/** How many lines have a word, for words of letters only. */
class WordCounter {
  readonly #counts = new Map<string, number>();
  #lineCount = 0;

  add(line: string): void {
    this.#lineCount++;
    // The delimiters of the index leave these words as they are.
    for (const word of new Set(line.toLowerCase().split(/[, '";=()[\]{}?@&<>/:\n\t\r]+/u))) {
      if (!/^[a-z]{4,20}$/u.test(word)) continue;
      const count = this.#counts.get(word) ?? 0;
      if (count > 0 || this.#counts.size < WORDS_MAX) this.#counts.set(word, count + 1);
    }
  }

  nearest(share: number): { readonly word: string; readonly count: number } {
    const wanted = share * this.#lineCount;
    let best = { word: 'error', count: 0 };
    for (const [word, count] of this.#counts)
      if (Math.abs(count - wanted) < Math.abs(best.count - wanted)) best = { word, count };
    return best;
  }
}
