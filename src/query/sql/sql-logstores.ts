/** The logstores that a statement names, as far as its reader may know of them. */
import { AppError, errorCode } from '#base/app-error.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { RELATIONS_MAX } from '../limits.ts';
import { unknownTable } from './errors.ts';

export type IndexedLogstore = Logstore & { readonly index: IndexConfig };

export interface LogstoreCatalog {
  /** Errors: ProjectNotExist, LogStoreNotExist. */
  getLogstore(projectName: string, logstoreName: string): Promise<Logstore>;
}

/** Looks at the permission before anything is said of a logstore. Throws Unauthorized. */
export type Authorize = (logstoreName: string) => void;

/** Errors: ProjectNotExist, LogStoreNotExist, IndexConfigNotExist. */
export async function indexedLogstore(
  catalog: LogstoreCatalog,
  projectName: string,
  logstoreName: string,
): Promise<IndexedLogstore> {
  const logstore = await catalog.getLogstore(projectName, logstoreName);
  const { index } = logstore;
  if (index === undefined)
    throw new AppError('IndexConfigNotExist', 'logstore without index config');
  return { ...logstore, index };
}

/** Finds logstores of one project for one statement, by the names that it uses. */
export class SqlLogstores {
  /** By the names as the statement has them. */
  readonly found: Map<string, IndexedLogstore> = new Map();
  readonly #projectName: string;
  readonly #text: string;
  readonly #authorize: Authorize | undefined;
  readonly #catalog: LogstoreCatalog;

  /** `text`: the statement, for places in messages. */
  constructor(
    options: {
      readonly projectName: string;
      readonly text: string;
      readonly authorize: Authorize | undefined;
    },
    collaborators: { readonly catalog: LogstoreCatalog },
  ) {
    this.#projectName = options.projectName;
    this.#text = options.text;
    this.#authorize = options.authorize;
    this.#catalog = collaborators.catalog;
  }

  /**
   * Adds them to `found`. Errors: ParameterInvalid (no such logstore, too many), Unauthorized, IndexConfigNotExist,
   * ProjectNotExist.
   */
  async find(names: readonly string[]): Promise<void> {
    if (this.found.size + names.length > RELATIONS_MAX)
      throw new AppError(
        'ParameterInvalid',
        `a statement can read ${RELATIONS_MAX} logstores at most`,
      );
    for (const name of names) this.found.set(name, await this.#find(name));
  }

  async #find(name: string): Promise<IndexedLogstore> {
    // Names of logstores are in lower case, names in SQL in any.
    const logstoreName = name.toLowerCase();
    this.#authorize?.(logstoreName);
    try {
      return await indexedLogstore(this.#catalog, this.#projectName, logstoreName);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'LogStoreNotExist') throw unknownTable(this.#text, name);
      if (code !== 'IndexConfigNotExist') throw error;
      throw new AppError(code, `logstore ${logstoreName} is without index config`);
    }
  }
}
