/** `sluice scrub` without a server: the stores and the backend of a data directory, open in this process. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, errorCode } from '#base/app-error.ts';
import { scrubLines } from '#backend/scrub-lines.ts';
import type { HeldDirectory, LocalScrub } from '#cli/scrub-command.ts';
import type { ScrubConfig } from '#config/scrub-options.ts';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { RealRandom } from '#platform/real-random.ts';
import { createLogger } from '#telemetry/logger.ts';
import { openDataDirectory, readServerEndpoint, type DataDirectory } from './data-directory.ts';
import { memoryLimit, planMemory } from './memory-plan.ts';
import { openBackend } from './open-backend.ts';

export type LocalScrubOptions = Pick<ScrubConfig, 'logLevel'> & { readonly dataDirectory: string };

/**
 * Opening does what each start of the server does: it cuts torn
 * tails of write-ahead logs, and ends what a crash interrupted. Errors: DataDirectoryInvalid, those of the stores.
 */
export async function openLocalScrub(
  options: LocalScrubOptions,
): Promise<LocalScrub | HeldDirectory> {
  const stack = new AsyncDisposableStack();
  try {
    const files = new RealFiles();
    const data = await lock(options.dataDirectory, files);
    if (data === undefined)
      return { kind: 'held', endpoint: await readServerEndpoint(options.dataDirectory, files) };
    stack.use(data);
    const clock = new RealClock();
    const { catalog, backend } = await openBackend({
      durability: 'fsync',
      dataPath: data.path,
      files,
      clock,
      random: new RealRandom(),
      logger: createLogger({ level: options.logLevel }),
      stack,
      blockCacheBytes: planMemory(memoryLimit()).blockCacheBytes,
    });
    await backend.start();
    return {
      kind: 'open',
      lines: (request) => scrubLines(request, { scrubber: backend, catalog, clock }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Undefined when a running server holds the directory. A server would make the directory; here a wrong path must not. */
async function lock(path: string, files: RealFiles): Promise<DataDirectory | undefined> {
  try {
    await stat(join(path, 'version.json'));
  } catch (error) {
    throw new AppError('DataDirectoryInvalid', `${path} is no data directory of Sluice`, {
      cause: error,
    });
  }
  try {
    return await openDataDirectory(path, files);
  } catch (error) {
    if (errorCode(error) === 'DataDirectoryInUse') return undefined;
    throw error;
  }
}
