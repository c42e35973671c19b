/**
 * Puts the server of one machine together: opens the stores, starts the backend, opens the port. Nothing is
 * decided here. Tests and benches start the server through this file too.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { AppError, errorMessage } from '#base/app-error.ts';
import type { ServerConfig } from '#config/server-options.ts';
import { ConsoleFiles } from '#frontend/console/console-files.ts';
import { Frontend } from '#frontend/frontend.ts';
import { HttpServer } from '#frontend/http-server.ts';
import { DRAIN_MS } from '#frontend/limits.ts';
import type { SlsRooms } from '#frontend/sls/operation.ts';
import { Ingest } from '#ingest/put-logs.ts';
import type { Clock } from '#platform/clock.ts';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { RealRandom } from '#platform/real-random.ts';
import { LOG_TIME_FUTURE_MAX_MS, LOG_TIME_PAST_MAX_MS } from '#protocol/limits.ts';
import { createRequestIds } from '#protocol/request-id.ts';
import { QueryService } from '#query/query-service.ts';
import { checkDataFiles } from '#query/udf/data-files.ts';
import { LiveTail } from '#query/tail/live-tail.ts';
import { childLogger, createLogger } from '#telemetry/logger.ts';
import type { Logger } from '#telemetry/logger.ts';
import { openDataDirectory, writeServerEndpoint } from './data-directory.ts';
import { memoryLimit, planMemory } from './memory-plan.ts';
import { openBackend } from './open-backend.ts';
import { loadRootKey } from './root-key.ts';
import type { RootKey } from './root-key.ts';

/** The cloud service runs 15 SQL queries of a project at the same time; some more leave room for other projects. */
const PROJECT_QUERIES_AT_ONCE = 15;
const QUERIES_AT_ONCE = 20;

/** `dist/console` beside `src`. */
const CONSOLE_DIRECTORY: string = join(import.meta.dirname, '..', '..', 'dist', 'console');

export interface StartOptions {
  readonly config: ServerConfig;
  /** Default: made from the configuration, writing to standard error. */
  readonly logger?: Logger | undefined;
  /** Default: the system's. Tests turn their own. */
  readonly clock?: Clock | undefined;
  /** Called when the backend breaks; the server should end then. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** Folder of the built console. */
  readonly consoleDirectory?: string | undefined;
}

export interface RunningServer {
  /** `http://host:port` */
  readonly endpoint: string;
  readonly port: number;
  readonly accessKey: RootKey;
  /** Absolute. */
  readonly dataDirectory: string;
  readonly hasConsole: boolean;
  readonly rooms: SlsRooms;
  /**
   * Stops accepting, lets requests end (at most 20 s), stops the services, closes the stores and frees the
   * data directory. May be called more than once.
   */
  stop(): Promise<void>;
}

/**
 * Resolves once the server answers requests. Errors: ConfigInvalid, DataDirectoryInUse,
 * DataDirectoryInvalid, ListenFailed, those of the stores.
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const logger = options.logger ?? createLogger({ level: options.config.logLevel });
  const stack = new AsyncDisposableStack();
  try {
    return await assemble(options, logger, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** What is put on the stack first is closed last. */
async function assemble(
  options: StartOptions,
  logger: Logger,
  stack: AsyncDisposableStack,
): Promise<RunningServer> {
  const { config } = options;
  const files = new RealFiles();
  const random = new RealRandom();
  const clock = options.clock ?? new RealClock();
  const data = stack.use(await openDataDirectory(config.dataDirectory, files));
  const accessKey = await loadRootKey(
    {
      accessKeyId: config.rootAccessKeyId,
      accessKeySecret: config.rootAccessKeySecret,
      dataDirectory: data.path,
    },
    { files, clock, random },
  );
  let isReady = false;
  const dataPath = data.path;
  const rooms = await openRooms({ config, dataPath, files, clock, random, logger, stack });
  const { backend } = rooms;
  await backend.start();
  backend.run().catch((error: unknown) => {
    logger.fatal({ err: error }, 'the backend broke');
    options.onFailure?.(error);
  });
  const consoleFiles = await ConsoleFiles.load(
    options.consoleDirectory ?? CONSOLE_DIRECTORY,
    files,
  );
  const frontend = new Frontend(
    { accessKey, addressing: addressingOf(config) },
    { rooms, consoleFiles, isReady: () => isReady },
  );
  const server = new HttpServer(
    { ...config.listen, trustProxy: config.trustProxy },
    {
      handler: (request) => frontend.handle(request),
      clock,
      newRequestId: createRequestIds(random.bytes(12)),
      logger: childLogger(logger, 'frontend'),
    },
  );
  const port = await listen(server, config);
  stack.defer(() => server.close(DRAIN_MS));
  const endpoint = `http://${endpointHost(config.listen.host)}:${port}`;
  await writeServerEndpoint(dataPath, files, endpoint);
  isReady = true;
  let stopping: Promise<void> | undefined;
  return {
    endpoint,
    port,
    accessKey,
    dataDirectory: data.path,
    hasConsole: consoleFiles.isBuilt,
    rooms,
    stop(): Promise<void> {
      isReady = false;
      stopping ??= stack.disposeAsync();
      return stopping;
    },
  };
}

interface RoomParts {
  readonly config: ServerConfig;
  readonly dataPath: string;
  readonly files: RealFiles;
  readonly clock: Clock;
  readonly random: RealRandom;
  readonly logger: Logger;
  readonly stack: AsyncDisposableStack;
}

async function openRooms(parts: RoomParts): Promise<SlsRooms> {
  const { config, dataPath, clock, logger, stack } = parts;
  const { durability } = config;
  const memory = planMemory(memoryLimit());
  const { blockCacheBytes } = memory;
  const { shardLog, catalog, backend } = await openBackend({
    ...parts,
    durability,
    blockCacheBytes,
  });
  const { ipDatabases, threatList, phoneDatabase } = config;
  const dataFiles = { ipDatabases, threatList, phoneDatabase };
  // Two of each are there while one is replaced.
  const dataFileBytes = 2 * checkDataFiles(dataFiles);
  const queryService = stack.use(
    new QueryService(
      {
        memoryLimitBytes: config.queryMemoryBytes ?? memory.queryBytes,
        memoryOverheadBytes: memory.queryOverheadBytes + dataFileBytes,
        matchCacheBytes: memory.matchCacheBytes,
        threads: availableParallelism(),
        spillDirectory: `${dataPath}/spill`,
        segmentDirectories: [`${dataPath}/segments`, `${dataPath}/backend`],
        concurrencyMax: QUERIES_AT_ONCE,
        projectConcurrencyMax: PROJECT_QUERIES_AT_ONCE,
        timeZone: config.timeZone,
        dataFiles,
      },
      { catalog, segments: backend, clock, logger: childLogger(logger, 'query') },
    ),
  );
  const liveTail = stack.use(
    new LiveTail({ catalog, shardLog, clock, logger: childLogger(logger, 'query') }),
  );
  const timeWindow =
    config.timeWindow === 'service'
      ? { pastMs: LOG_TIME_PAST_MAX_MS, futureMs: LOG_TIME_FUTURE_MAX_MS }
      : { pastMs: undefined, futureMs: undefined };
  const ingest = new Ingest({ timeWindow }, { catalog, shardLog, clock });
  const { region } = config;
  return { catalog, backend, ingest, queryService, liveTail, shardLog, clock, logger, region };
}

async function listen(server: HttpServer, config: ServerConfig): Promise<number> {
  try {
    return await server.listen();
  } catch (error) {
    const { host, port } = config.listen;
    throw new AppError(
      'ListenFailed',
      `cannot listen on ${host}:${port} (${errorMessage(error)}); choose another with --listen`,
      { cause: error },
    );
  }
}

function addressingOf(config: ServerConfig): {
  readonly baseDomains: readonly string[];
  readonly hostProjects: ReadonlyMap<string, string>;
  readonly defaultProject: string | undefined;
} {
  return {
    baseDomains: config.baseDomains,
    hostProjects: new Map(),
    defaultProject: config.defaultProject,
  };
}

/** An address that a client on this machine can use. */
function endpointHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
