/**
 * The DuckDB instance that reads segments: bounded memory, threads and spill space, no access to anything but
 * the segment folders, and a configuration that nothing can change after the start. Lives in a process of its
 * own (`duck-worker.ts`).
 */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { DuckOptions } from './duck-messages.ts';
import { SPILL_BYTES_MAX } from '../limits.ts';
import { sqlPrelude } from '../sql/prelude.ts';
import { quoteText } from '../sql/text.ts';
import { DataFiles, NO_DATA_FILES } from '../udf/data-files.ts';
import { allUdfs } from '../udf/registry.ts';
import { registerUdfs } from '../udf/scalar-udf.ts';

export class DuckEngine {
  /** What functions look things up in. */
  readonly files: DataFiles;
  readonly #instance: DuckDBInstance;

  private constructor(instance: DuckDBInstance, files: DataFiles) {
    this.#instance = instance;
    this.files = files;
  }

  static async open(options: DuckOptions): Promise<DuckEngine> {
    const { memoryLimitBytes, threads, spillDirectory, segmentDirectories } = options;
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.floor(memoryLimitBytes)}B`,
      threads: String(threads),
    });
    const connection = await instance.connect();
    try {
      const folders = segmentDirectories.map((path) => quoteText(`${path.replace(/\/+$/, '')}/`));
      const files = new DataFiles(options.dataFiles ?? NO_DATA_FILES);
      registerUdfs(connection, allUdfs(files));
      await connection.run(sqlPrelude(options.timeZone));
      for (const setting of [
        'autoinstall_known_extensions=false',
        'autoload_known_extensions=false',
        'preserve_insertion_order=false',
        `temp_directory=${quoteText(spillDirectory)}`,
        `max_temp_directory_size='${SPILL_BYTES_MAX}B'`,
        `allowed_directories=[${folders.join(', ')}]`,
        'enable_external_access=false',
        'lock_configuration=true',
      ])
        await connection.run(`SET GLOBAL ${setting}`);
      return new DuckEngine(instance, files);
    } finally {
      connection.closeSync();
    }
  }

  /** Runs work on a connection of its own. Temporary tables and views are gone afterwards. */
  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  }
}
