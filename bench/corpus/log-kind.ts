/** What the kinds of synthetic logs have in common. */
import type { FieldKey, LogSink } from './group-writer.ts';
import type { CorpusRandom } from './random.ts';

export type KindName = 'access' | 'app' | 'json' | 'syslog';

export interface LogMoment {
  /** Unix seconds. */
  readonly time: number;
  /** Nanoseconds inside the second, whole milliseconds. */
  readonly timeNs: number;
  /** The machine that writes. */
  readonly host: string;
}

export interface LogKind {
  readonly name: KindName;
  /** Where an agent would find such logs. */
  readonly path: string;
  /** Whether the bytes of the line that a field set was parsed from are known. */
  readonly hasText: boolean;
  /** Adds one log to the sink. */
  write(random: CorpusRandom, moment: LogMoment, notes: LogNotes): void;
}

/** What the logs hold that a measurement asks for later. */
export interface LogNotes {
  readonly sink: LogSink;
  /** The log has the common word. */
  common(): void;
  /** The log alone has this term. */
  unique(term: string): void;
  /** The log stands for so many bytes of a text file. */
  text(bytes: number): void;
}

/** Adds the fields to the sink; gives the bytes of their values, all ASCII. */
export function writeFields(
  sink: LogSink,
  keys: readonly FieldKey[],
  values: readonly string[],
): number {
  let bytes = 0;
  for (let i = 0; i < keys.length; i++) {
    const value = values[i]!;
    bytes += value.length;
    sink.field(keys[i]!, value);
  }
  return bytes;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Texts of a time; those of the last second are kept, for logs come in order. */
export class TimeTexts {
  #second = -1;
  #access = '';
  #iso = '';
  #syslog = '';

  /** `02/Mar/2026:08:00:00 +0000` */
  access(time: number): string {
    this.#fill(time);
    return this.#access;
  }

  /** `2026-03-02T08:00:00.123Z` */
  iso(time: number, timeNs: number): string {
    this.#fill(time);
    return `${this.#iso}.${String(timeNs / 1_000_000).padStart(3, '0')}Z`;
  }

  /** `Mar  2 08:00:00` */
  syslog(time: number): string {
    this.#fill(time);
    return this.#syslog;
  }

  #fill(time: number): void {
    if (time === this.#second) return;
    this.#second = time;
    const iso = new Date(time * 1000).toISOString();
    const month = MONTHS[Number(iso.slice(5, 7)) - 1]!;
    const clock = iso.slice(11, 19);
    this.#access = `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${clock} +0000`;
    this.#iso = iso.slice(0, 19);
    this.#syslog = `${month} ${String(Number(iso.slice(8, 10))).padStart(2, ' ')} ${clock}`;
  }
}
