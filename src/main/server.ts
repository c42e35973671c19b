/**
 * `sluice server`: reads options and environment, runs the server until it is told to stop.
 *
 * Exit codes: 0 stopped as asked (SIGTERM, SIGINT); 1 broke; 2 cannot start as configured. A second signal ends
 * the process at once. With `--json` standard output is one event a line: `ready`, `stopping`, `stopped`,
 * `error`.
 */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { helpText, parseOptions } from '#config/option-table.ts';
import type { ServerConfig } from '#config/server-options.ts';
import { SERVER_OPTIONS, SERVER_USAGE } from '#config/server-options.ts';
import { createLogger } from '#telemetry/logger.ts';
import type { Logger } from '#telemetry/logger.ts';
import { exitWithParent } from './parent-watch.ts';
import type { RunningServer } from './start-server.ts';
import { startServer } from './start-server.ts';

const EXIT_BROKEN = 1;
const EXIT_CANNOT_START = 2;

/** Errors that the user can do something about: no stack trace for them. */
const USER_ERRORS: ReadonlySet<string> = new Set([
  'ConfigInvalid',
  'DataDirectoryInUse',
  'DataDirectoryInvalid',
  'ListenFailed',
  'EACCES',
  'EROFS',
  'ENOSPC',
]);

function print(json: boolean, event: Readonly<Record<string, unknown>>, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(event)}\n` : `${text}\n`);
}

/** Undefined when help was asked for, and given. */
function readConfig(): ServerConfig | undefined {
  const parsed = parseOptions(SERVER_OPTIONS, { argv: process.argv.slice(2), env: process.env });
  if (parsed.kind === 'config') return parsed.config;
  process.stdout.write(helpText(SERVER_USAGE, SERVER_OPTIONS));
  return undefined;
}

function announce(server: RunningServer, json: boolean): void {
  const { endpoint, accessKey, hasConsole, dataDirectory } = server;
  const event = {
    event: 'ready',
    endpoint,
    console: hasConsole ? `${endpoint}/console/` : undefined,
    dataDirectory,
    accessKeyId: accessKey.accessKeyId,
    accessKeySecret: accessKey.isNew ? accessKey.accessKeySecret : undefined,
    pid: process.pid,
  };
  const lines = [
    `Sluice is ready at ${endpoint}`,
    hasConsole ? `  console            ${endpoint}/console/` : undefined,
    `  data               ${dataDirectory}`,
    `  access key id      ${accessKey.accessKeyId}`,
    accessKey.isNew
      ? `  access key secret  ${accessKey.accessKeySecret}  (shown once; kept in root-key.json)`
      : undefined,
  ];
  print(json, event, lines.filter((line) => line !== undefined).join('\n'));
}

function stopOnSignals(server: RunningServer, config: ServerConfig, logger: Logger): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(EXIT_BROKEN);
    isStopping = true;
    print(config.json, { event: 'stopping', signal }, `stopping (${signal})`);
    server.stop().then(
      () => {
        print(config.json, { event: 'stopped' }, 'stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.fatal({ err: error }, 'cannot stop in order');
        process.exit(EXIT_BROKEN);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  exitWithParent();
}

function fail(error: unknown, json: boolean): never {
  const code = errorCode(error) ?? 'InternalServerError';
  const isUsers = USER_ERRORS.has(code);
  const message = isUsers || error instanceof AppError ? errorMessage(error) : String(error);
  if (json) print(true, { event: 'error', code, message }, '');
  const detail = !isUsers && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  process.stderr.write(`sluice server: ${message}${detail}\n`);
  process.exit(isUsers ? EXIT_CANNOT_START : EXIT_BROKEN);
}

async function main(): Promise<void> {
  // Before the options are understood there is only this to tell in which form to complain.
  const json = process.argv.includes('--json');
  try {
    const config = readConfig();
    if (config === undefined) return;
    const logger = createLogger({ level: config.logLevel });
    const crash = (error: unknown): never => {
      logger.fatal({ err: error }, 'uncaught exception');
      process.exit(EXIT_BROKEN);
    };
    process.on('uncaughtException', crash);
    process.on('unhandledRejection', crash);
    const server = await startServer({ config, logger, onFailure: crash });
    stopOnSignals(server, config, logger);
    announce(server, config.json);
  } catch (error) {
    fail(error, json);
  }
}

await main();
