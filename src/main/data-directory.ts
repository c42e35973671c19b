/**
 * The data directory: its lock and its version.
 *
 *   <data>/server.lock   an SQLite file that the running server holds in EXCLUSIVE locking mode
 *   <data>/server.pid    pid of the holder, decimal; only for the message to whoever comes second
 *   <data>/server.endpoint  where the holder is reached, `http://host:port`; for commands on the same machine
 *   <data>/version.json  {"format": "sluice data directory", "version": 1}
 *
 * The lock is the operating system's (fcntl, through SQLite): it ends with the process however that ends, so
 * nothing is ever stale, no pid can be mistaken for another's, and two starters cannot both get it. It holds
 * between containers that share a folder of one machine. Not for network file systems without locks.
 */
import { realpath } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import type { Files } from '#platform/files.ts';
import { readTextFile, writeTextFile } from './small-files.ts';

const VERSION = 1;
const FORMAT = 'sluice data directory';

export interface DataDirectory extends AsyncDisposable {
  /** Absolute, without symbolic links. */
  readonly path: string;
}

/**
 * Makes the folder if need be, locks it and checks its version. Disposing unlocks it.
 * Errors: DataDirectoryInUse, DataDirectoryInvalid, those of the file system.
 */
export async function openDataDirectory(path: string, files: Files): Promise<DataDirectory> {
  await files.makeDirectory(path);
  const absolute = await realpath(path);
  const pidPath = `${absolute}/server.pid`;
  const lock = await takeLock(absolute, files);
  try {
    await writeTextFile(files, pidPath, { text: `${process.pid}\n`, mode: 0o644 });
    await checkVersion(absolute, files);
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    path: absolute,
    async [Symbol.asyncDispose](): Promise<void> {
      try {
        await files.remove(pidPath);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
      } finally {
        lock.close();
      }
    },
  };
}

/** For commands that find the directory in use; the file of a server that was killed is replaced by the next. */
export async function writeServerEndpoint(
  dataPath: string,
  files: Files,
  endpoint: string,
): Promise<void> {
  const content = { text: `${endpoint}\n`, mode: 0o644 };
  await writeTextFile(files, `${dataPath}/server.endpoint`, content);
}

/** Undefined before the first server is ready. Only of use while a server holds the directory. */
export async function readServerEndpoint(
  dataPath: string,
  files: Files,
): Promise<string | undefined> {
  return (await readTextFile(files, `${dataPath}/server.endpoint`))?.trim();
}

async function takeLock(path: string, files: Files): Promise<DatabaseSync> {
  const database = new DatabaseSync(`${path}/server.lock`);
  try {
    // In this mode SQLite keeps the lock of the first write until the connection is closed.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT');
    return database;
  } catch (error) {
    database.close();
    if (!/locked|busy/i.test(errorMessage(error)))
      throw new AppError('DataDirectoryInvalid', `cannot lock ${path}`, { cause: error });
    const pid = (await readTextFile(files, `${path}/server.pid`))?.trim();
    throw new AppError(
      'DataDirectoryInUse',
      `the data directory ${path} is in use by process ${pid ?? 'unknown'}; ` +
        'stop that server first, or give this one another --data-dir',
      { cause: error },
    );
  }
}

async function checkVersion(path: string, files: Files): Promise<void> {
  const versionPath = `${path}/version.json`;
  const found = await readTextFile(files, versionPath);
  if (found === undefined) {
    const text = `${JSON.stringify({ format: FORMAT, version: VERSION })}\n`;
    await writeTextFile(files, versionPath, { text, mode: 0o644 });
    return;
  }
  const version = versionOf(found);
  if (version === undefined)
    throw new AppError('DataDirectoryInvalid', `cannot read ${versionPath}`);
  if (version > VERSION)
    throw new AppError(
      'DataDirectoryInvalid',
      `${path} was written by a newer server (version ${version}, this one knows ${VERSION})`,
    );
}

function versionOf(text: string): number | undefined {
  try {
    const { format, version } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const isRight = format === FORMAT && typeof version === 'number' && version >= 1;
    return isRight ? version : undefined;
  } catch {
    return undefined;
  }
}
