/** What `sluice tail` prints: logs on standard output, a line each, and what happened to them on standard error. */
import type { TextOutput } from './command.ts';
import { countText, plainText } from './text.ts';

/** As GetLogs has it: field texts by name. */
export type TailRow = Readonly<Record<string, string>>;

export interface TailViewOptions {
  readonly json: boolean;
  readonly output: TextOutput;
  readonly errors: TextOutput;
}

const DIM = '\u001B[2m';
const CYAN = '\u001B[36m';
const BLUE = '\u001B[34m';
const PLAIN = '\u001B[0m';

/** Shown in their own place. */
const HEAD_FIELDS: ReadonlySet<string> = new Set(['__time__', '__time_ns_part__', '__source__']);

const REASONS: Readonly<Record<string, string>> = {
  slow: 'dropped, because they were read too slowly',
  rate: 'dropped, because there were too many in a second; a narrower query shows all',
  behind: 'passed over, because more is written than the server can look at',
};

export class TailView {
  readonly #options: TailViewOptions;

  constructor(options: TailViewOptions) {
    this.#options = options;
  }

  show(row: TailRow): void {
    const { json, output } = this.#options;
    output.write(`${json ? JSON.stringify(row) : this.#lineOf(row)}\n`);
  }

  showDropped(reason: string, count: number): void {
    const noun = reason === 'behind' ? 'log group' : 'log';
    this.note(`${countText(count, noun)} ${REASONS[reason] ?? 'dropped'}`);
  }

  note(text: string): void {
    this.#options.errors.write(`sluice tail: ${plainText(text)}\n`);
  }

  #lineOf(row: TailRow): string {
    const fields = Object.entries(row).filter(
      ([name, value]) => !HEAD_FIELDS.has(name) && !(name === '__topic__' && value === ''),
    );
    // Reserved fields are about the log, so they stand behind it.
    const own = fields.filter(([name]) => !name.startsWith('__'));
    const about = fields.filter(([name]) => name.startsWith('__'));
    const parts = [this.#paint(DIM, timeOf(row))];
    const source = row['__source__'] ?? '';
    if (source !== '') parts.push(this.#paint(CYAN, plainText(source)));
    const [only] = own;
    if (own.length === 1 && only?.[0] === 'content') parts.push(plainText(only[1]));
    else
      for (const [name, value] of own)
        parts.push(`${this.#paint(BLUE, plainText(name))}=${valueText(value)}`);
    for (const [name, value] of about)
      parts.push(this.#paint(DIM, `${plainText(name)}=${valueText(value)}`));
    return parts.join(' ');
  }

  #paint(colour: string, text: string): string {
    return this.#options.output.isTerminal ? `${colour}${text}${PLAIN}` : text;
  }
}

/** UTC, to the second, or to the nanosecond where the log has it. */
function timeOf(row: TailRow): string {
  const seconds = Number(row['__time__']);
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8e12) return '-';
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  const ns = row['__time_ns_part__'];
  return ns === undefined ? `${text}Z` : `${text}.${plainText(ns).padStart(9, '0')}Z`;
}

/** In quotes when it could be taken for something else. */
function valueText(value: string): string {
  const plain = plainText(value);
  return plain === '' || /[\s"=]/u.test(plain) ? JSON.stringify(plain) : plain;
}
