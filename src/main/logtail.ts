/**
 * The agent's process: `node src/main/logtail.ts --config /etc/sluice/logtail.json`.
 * Exit codes: 0 stopped as asked, 1 broke, 2 wrong usage or configuration.
 */
import { readFile, stat } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';
import { AppError, errorMessage } from '#base/app-error.ts';
import { AccessKeys, readAccessKeyFile, type AccessKey } from '#logtail/access-keys.ts';
import { LogtailAgent } from '#logtail/agent.ts';
import { CONFIG_BYTES_MAX } from '#logtail/limits.ts';
import { parseLogtailConfig, type LogtailConfig } from '#logtail/logtail-config.ts';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { RealRandom } from '#platform/real-random.ts';
import { childLogger, createLogger } from '#telemetry/logger.ts';
import { exitWithParent } from './parent-watch.ts';

const HELP = `Follows log files and sends their lines to a logstore.

Usage: sluice logtail --config <file> [--check] [--json]

  --config <file>  the configuration, JSON; see docs/logtail.md
  --check          check the configuration and exit
  --json           print errors of usage and configuration as JSON
  --help           this text

Keys come from the configuration, from its accessKeyFile, or from the environment:
SLUICE_ACCESS_KEY_ID and SLUICE_ACCESS_KEY_SECRET.
`;

async function readConfig(path: string): Promise<LogtailConfig> {
  const facts = await stat(path);
  if (facts.size > CONFIG_BYTES_MAX) throw new AppError('ConfigInvalid', `${path} is too large`);
  return parseLogtailConfig(await readFile(path, 'utf8'));
}

async function firstKey(config: LogtailConfig): Promise<AccessKey> {
  if (config.accessKeyFile !== undefined) return await readAccessKeyFile(config.accessKeyFile);
  const accessKeyId = config.accessKeyId ?? process.env['SLUICE_ACCESS_KEY_ID'];
  const accessKeySecret = config.accessKeySecret ?? process.env['SLUICE_ACCESS_KEY_SECRET'];
  if (accessKeyId === undefined || accessKeySecret === undefined)
    throw new AppError('ConfigInvalid', 'there is no access key: set accessKeyFile');
  return { accessKeyId, accessKeySecret };
}

/** The first address of this machine that others can reach. */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const reachable = addresses.filter((address) => !address.internal);
  return (
    (reachable.find((address) => address.family === 'IPv4') ?? reachable[0])?.address ?? '127.0.0.1'
  );
}

async function runAgent(config: LogtailConfig): Promise<void> {
  const root = createLogger({ level: config.logLevel, destination: config.logFile });
  const logger = childLogger(root, 'logtail');
  const agent = new LogtailAgent(config, {
    keys: new AccessKeys({ key: await firstKey(config), file: config.accessKeyFile }),
    clock: new RealClock(),
    random: new RealRandom(),
    files: new RealFiles(),
    logger,
    hostname: hostname(),
    source: machineAddress(),
  });
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, stopping ? 'stopping already' : 'stopping');
    stopping = true;
    void agent.stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  exitWithParent();
  logger.info({ endpoint: config.endpoint, inputs: config.inputs.length }, 'agent started');
  await agent.run();
  logger.info(agent.status().totals, 'agent stopped');
}

async function main(): Promise<number> {
  let json = process.argv.includes('--json');
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        check: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    json = values.json === true;
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    if (values.config === undefined) throw new AppError('UsageInvalid', '--config is missing');
    const config = await readConfig(values.config);
    await firstKey(config);
    if (values.check === true) {
      process.stdout.write(json ? '{"ok":true}\n' : 'the configuration is good\n');
      return 0;
    }
    await runAgent(config);
    return 0;
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'Failed';
    const message = errorMessage(error);
    process.stderr.write(json ? `${JSON.stringify({ code, message })}\n` : `logtail: ${message}\n`);
    return code === 'Failed' ? 1 : 2;
  }
}

process.exitCode = await main();
