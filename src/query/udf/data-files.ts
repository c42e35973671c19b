/**
 * Files of the user's that functions look things up in: IP databases, a list of threats, prefixes of phone numbers. They are
 * read when a function needs them first, and again when they were replaced.
 */
import { readFileSync, statSync } from 'node:fs';
import { AppError, errorMessage } from '#base/app-error.ts';
import { DATA_FILE_BYTES_MAX } from '../limits.ts';
import { IpDatabase, type IpSubject } from './ip-database.ts';
import { PhonePrefixes } from './phone-prefixes.ts';
import { ThreatList } from './threat-list.ts';

/** Paths. */
export interface DataFileOptions {
  /** What the first one does not say is asked of the next. */
  readonly ipDatabases: readonly string[];
  readonly threatList: string | undefined;
  readonly phoneDatabase: string | undefined;
}

export const NO_DATA_FILES: DataFileOptions = {
  ipDatabases: [],
  threatList: undefined,
  phoneDatabase: undefined,
};

export class DataFiles {
  readonly #ipDatabases: readonly DataFile<IpDatabase>[];
  readonly #threatList: DataFile<ThreatList> | undefined;
  readonly #phoneDatabase: DataFile<PhonePrefixes> | undefined;
  #revision = 0;

  constructor({ ipDatabases, threatList, phoneDatabase }: DataFileOptions) {
    this.#ipDatabases = ipDatabases.map(
      (path) => new DataFile('ip database', path, (bytes) => new IpDatabase(bytes)),
    );
    this.#threatList =
      threatList === undefined
        ? undefined
        : new DataFile('threat list', threatList, (bytes) => new ThreatList(bytes));
    this.#phoneDatabase =
      phoneDatabase === undefined
        ? undefined
        : new DataFile('phone database', phoneDatabase, (bytes) => new PhonePrefixes(bytes));
  }

  /**
   * Forgets what was read from files that have been replaced since. A number that changes when answers of before may no
   * longer be right.
   */
  refresh(): number {
    const isChanged = this.#all().map((file) => file.refresh());
    if (isChanged.includes(true)) this.#revision++;
    return this.#revision;
  }

  /** Those that may tell of the subject. Errors: ParameterInvalid when there are none. */
  ipDatabases(functionName: string, subject: IpSubject): readonly IpDatabase[] {
    if (this.#ipDatabases.length === 0)
      throw needsFile(functionName, 'an ip database', '--ip-database <file.mmdb>');
    const some = this.#ipDatabases
      .map((file) => file.content)
      .filter((one) => one.mayTell(subject));
    if (some.length === 0)
      throw needsFile(functionName, `an ip database of ${subject}s`, '--ip-database <file.mmdb>');
    return some;
  }

  /** Errors: ParameterInvalid when there is none. */
  threatList(functionName: string): ThreatList {
    if (this.#threatList === undefined)
      throw needsFile(functionName, 'a list of threats', '--threat-list <file>');
    return this.#threatList.content;
  }

  /** Errors: ParameterInvalid when there is none. */
  phoneDatabase(functionName: string): PhonePrefixes {
    if (this.#phoneDatabase === undefined)
      throw needsFile(functionName, 'a database of phone numbers', '--phone-database <file.csv>');
    return this.#phoneDatabase.content;
  }

  /** Reads all files. Returns their bytes together. Errors: ConfigInvalid for one that cannot be read. */
  readAll(): number {
    return this.#all().reduce((bytes, file) => bytes + file.read(), 0);
  }

  #all(): readonly DataFile<unknown>[] {
    const others = [this.#threatList, this.#phoneDatabase].filter((file) => file !== undefined);
    return [...this.#ipDatabases, ...others];
  }
}

/**
 * For the start of the server, so that a wrong path or a damaged file is known then. Returns the bytes of all files together.
 * Errors: ConfigInvalid.
 */
export function checkDataFiles(options: DataFileOptions): number {
  return new DataFiles(options).readAll();
}

/** One file. While it is replaced by one that cannot be read, what was read before stays. */
class DataFile<T> {
  readonly #kind: string;
  readonly #path: string;
  readonly #open: (bytes: Buffer) => T;
  #content: T | undefined;
  /** Of the file that was read, or tried, last. */
  #stamp = '';

  constructor(kind: string, path: string, open: (bytes: Buffer) => T) {
    this.#kind = kind;
    this.#path = path;
    this.#open = open;
  }

  /** Errors: ParameterInvalid. */
  get content(): T {
    try {
      if (this.#content === undefined) this.read();
      return this.#content as T;
    } catch (cause) {
      // Those who ask have no business with the server's paths.
      throw new AppError('ParameterInvalid', `the ${this.#kind} of this server cannot be read`, {
        cause,
      });
    }
  }

  /** Returns the size in bytes. Errors: ConfigInvalid, with the path and what is wrong. */
  read(): number {
    try {
      const { size } = statSync(this.#path);
      this.#stamp = stampOf(this.#path);
      if (size > DATA_FILE_BYTES_MAX)
        throw new Error(`it is larger than ${DATA_FILE_BYTES_MAX} bytes`);
      this.#content = this.#open(readFileSync(this.#path));
      return size;
    } catch (cause) {
      const reason = errorMessage(cause);
      throw new AppError('ConfigInvalid', `cannot use the ${this.#kind} ${this.#path}: ${reason}`, {
        cause,
      });
    }
  }

  /** Whether there is another content now. */
  refresh(): boolean {
    if (this.#content === undefined || stampOf(this.#path) === this.#stamp) return false;
    try {
      this.read();
      return true;
    } catch {
      return false;
    }
  }
}

/** Changes when the file is written or replaced; empty without a file. */
function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}

function needsFile(functionName: string, what: string, option: string): AppError {
  return new AppError(
    'ParameterInvalid',
    `${functionName} needs ${what}: start the server with ${option}`,
  );
}
