/**
 * `npm start`: server, console and a Logtail on this machine, each in its own process, with a demo logstore that has
 * something to search at once. Only wiring: it talks to the server as any client does.
 */
import { constants } from 'node:fs';
import { access, glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AppError, errorMessage } from '#base/app-error.ts';
import { lastLines, ManagedChild } from './child-process.ts';
import {
  countDemoLogs,
  DEMO_LOGSTORE,
  DEMO_PROJECT,
  provisionDemo,
  type DemoConnection,
} from './demo.ts';
import { exitWithParent } from './parent-watch.ts';

const HELP = `Usage: npm start -- [options]

Runs the Sluice server with its console and a Logtail on this machine.

Options
  --data-dir DIR   where everything is kept (default ./sluice-data)
  --listen H:P     address of the server (default 127.0.0.1:8080)
  --no-demo        no demo project, no Logtail: just the server
  --json           one JSON object a line instead of text
  --help           this text

Any option of the server may follow too; npx sluice server --help lists them.

Environment
  SLUICE_ROOT_ACCESS_KEY_ID, SLUICE_ROOT_ACCESS_KEY_SECRET
                   the root access key; without them one is generated, printed
                   once, and kept in DIR/root-key.json (mode 0600)
`;

/** Files that the demo's Logtail follows; the server's own log when there is none of them. */
const DEMO_PATTERN = '/var/log/**/*.log';
/** The server drains for 20 s at most; beyond this it is stuck. */
const STOP_GRACE_MS = 30_000;
/** Logs of a quiet machine may take a moment to come; the demo does not wait longer for the first. */
const FIRST_LOG_TRIES = 50;
const FIRST_LOG_PAUSE_MS = 200;
/** A Logtail that ends by itself is started again after this long. */
const RESTART_PAUSE_MS = 5000;

interface StartOptions {
  readonly dataDirectory: string;
  readonly demo: boolean;
  readonly json: boolean;
  readonly serverFlags: readonly string[];
}

class Starter {
  readonly #options: StartOptions;
  readonly #logDirectory: string;
  #server: ManagedChild | undefined;
  #agent: ManagedChild | undefined;
  #stopping: Promise<never> | undefined;

  constructor(options: StartOptions) {
    this.#options = options;
    this.#logDirectory = join(options.dataDirectory, 'log');
  }

  async run(): Promise<never> {
    const { dataDirectory, demo } = this.#options;
    await mkdir(this.#logDirectory, { recursive: true, mode: 0o700 });
    this.#tell('starting', `starting the server, data in ${dataDirectory}`);
    const server = new ManagedChild({
      entry: join(import.meta.dirname, 'server.ts'),
      flags: ['--json', '--data-dir', dataDirectory, ...this.#options.serverFlags],
      environment: {},
      logPath: this.#serverLog,
    });
    this.#server = server;
    let failure = '';
    server.onEvent((event) => {
      if (event.event === 'error') failure = String(event['message']);
    });
    const ready = await server.firstEvent('ready');
    if (ready === undefined) {
      const code = await server.exited;
      if (this.#stopping !== undefined) return await this.#stopping;
      return this.#fail(failure || lastLines(this.#serverLog, 5), code);
    }
    const connection = await this.#connection(ready);
    this.#tell('server', `server ready at ${connection.endpoint}`);
    if (demo) await this.#startDemo(connection);
    await this.#summary(connection, ready['accessKeySecret'] !== undefined);
    const code = await server.exited;
    if (this.#stopping !== undefined) return await this.#stopping;
    await this.#agent?.stop(STOP_GRACE_MS);
    return this.#fail(`the server ended by itself: ${lastLines(this.#serverLog, 5)}`, code);
  }

  /** Logtail first, so that what it has read still finds a server. */
  async stop(): Promise<never> {
    this.#stopping ??= (async () => {
      this.#tell('stopping', 'stopping');
      await this.#agent?.stop(STOP_GRACE_MS);
      const code = (await this.#server?.stop(STOP_GRACE_MS)) ?? 0;
      this.#tell('stopped', 'stopped');
      process.exit(code);
    })();
    return await this.#stopping;
  }

  get #serverLog(): string {
    return join(this.#logDirectory, 'server.log');
  }

  async #startDemo(connection: DemoConnection): Promise<void> {
    await provisionDemo(connection);
    this.#tell('demo', `project ${DEMO_PROJECT}, logstore ${DEMO_LOGSTORE}`);
    const files = await readableFiles(DEMO_PATTERN);
    const paths = files > 0 ? [DEMO_PATTERN] : [this.#serverLog];
    const configPath = await this.#writeAgentConfig(connection, paths);
    this.#superviseAgent(configPath, connection);
    const what = files > 0 ? `${files} files of ${DEMO_PATTERN}` : this.#serverLog;
    this.#tell('logtail', `Logtail follows ${what}`);
    const count = await settledCount(connection);
    this.#tell('searchable', `${count} logs searchable`, { count });
  }

  /** Starts the agent again when it ends by itself, until `stop`. */
  #superviseAgent(configPath: string, connection: DemoConnection): void {
    const agent = new ManagedChild({
      entry: join(import.meta.dirname, 'logtail.ts'),
      flags: ['--config', configPath],
      environment: {
        SLUICE_ACCESS_KEY_ID: connection.accessKeyId,
        SLUICE_ACCESS_KEY_SECRET: connection.accessKeySecret,
      },
      logPath: join(this.#logDirectory, 'logtail.log'),
    });
    this.#agent = agent;
    void this.#restartAfter(agent, configPath, connection);
  }

  async #restartAfter(
    agent: ManagedChild,
    configPath: string,
    connection: DemoConnection,
  ): Promise<void> {
    const code = await agent.exited;
    if (this.#stopping !== undefined) return;
    this.#tell('logtail', `Logtail ended with ${code}; starting it again`);
    await sleep(RESTART_PAUSE_MS);
    if (this.#stopping === undefined) this.#superviseAgent(configPath, connection);
  }

  async #writeAgentConfig(connection: DemoConnection, paths: readonly string[]): Promise<string> {
    const directory = join(this.#options.dataDirectory, 'logtail');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const config = {
      endpoint: connection.endpoint,
      stateDirectory: directory,
      inputs: [
        {
          name: DEMO_LOGSTORE,
          paths,
          startAt: 'beginning',
          project: DEMO_PROJECT,
          logstore: DEMO_LOGSTORE,
        },
      ],
      limits: { lingerMs: 500, flushTimeoutMs: 5000 },
    };
    const path = join(directory, 'logtail.json');
    await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
    return path;
  }

  /** The key comes from the server when it was made just now, else from where it was made before. */
  async #connection(ready: Readonly<Record<string, unknown>>): Promise<DemoConnection> {
    const endpoint = String(ready['endpoint']);
    const accessKeyId = String(ready['accessKeyId']);
    const secret = ready['accessKeySecret'] ?? process.env['SLUICE_ROOT_ACCESS_KEY_SECRET'];
    if (typeof secret === 'string') return { endpoint, accessKeyId, accessKeySecret: secret };
    const stored: unknown = JSON.parse(await readFile(this.#keyPath, 'utf8'));
    if (typeof stored !== 'object' || stored === null || !('accessKeySecret' in stored))
      throw new AppError('ConfigInvalid', `cannot read the root access key in ${this.#keyPath}`);
    return { endpoint, accessKeyId, accessKeySecret: String(stored.accessKeySecret) };
  }

  get #keyPath(): string {
    return join(this.#options.dataDirectory, 'root-key.json');
  }

  async #summary(connection: DemoConnection, generated: boolean): Promise<void> {
    const consoleUrl = `${connection.endpoint}/console/`;
    const kept = await access(this.#keyPath).then(
      () => true,
      () => false,
    );
    if (this.#options.json) {
      const secret = generated ? { accessKeySecret: connection.accessKeySecret } : {};
      const { endpoint, accessKeyId } = connection;
      this.#line({ event: 'ready', console: consoleUrl, endpoint, accessKeyId, ...secret });
      return;
    }
    const secret = generated
      ? `${connection.accessKeySecret}   (shown this once; kept in ${this.#keyPath})`
      : kept
        ? `in ${this.#keyPath}`
        : 'from the environment';
    process.stdout.write(
      `\n  Console            ${consoleUrl}\n` +
        `  Endpoint           ${connection.endpoint}\n` +
        `  Access key id      ${connection.accessKeyId}\n` +
        `  Access key secret  ${secret}\n\n` +
        `Ctrl-C stops everything.\n`,
    );
  }

  #tell(event: string, text: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.#options.json) this.#line({ event, message: text, ...details });
    else process.stdout.write(`sluice: ${text}\n`);
  }

  #line(value: object): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  #fail(text: string, code: number): never {
    if (this.#options.json) this.#line({ event: 'error', message: text });
    else process.stderr.write(`sluice: ${text}\n`);
    process.exit(code === 0 ? 1 : code);
  }
}

/** How many files of the pattern this user can read and that hold something. */
async function readableFiles(pattern: string): Promise<number> {
  let count = 0;
  for await (const path of glob(pattern)) {
    const readable = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (readable) count++;
  }
  return count;
}

/** The number of searchable logs once it is above zero and has stopped growing, or what there is in the end. */
async function settledCount(connection: DemoConnection): Promise<number> {
  let last = 0;
  for (let i = 0; i < FIRST_LOG_TRIES; i++) {
    const count = await countDemoLogs(connection, Date.now());
    if (count > 0 && count === last) return count;
    last = count;
    await sleep(FIRST_LOG_PAUSE_MS);
  }
  return last;
}

/** Our own options are taken out; everything else is the server's and checked there. */
function parseStartOptions(args: readonly string[]): StartOptions {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: { 'data-dir': { type: 'string' } },
  });
  const own = new Set(['data-dir', 'no-demo', 'json', 'help']);
  const taken = new Set<number>();
  let dataDirectory = 'sluice-data';
  const names = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !own.has(token.name)) continue;
    names.add(token.name);
    taken.add(token.index);
    if (token.name !== 'data-dir') continue;
    if (token.value === undefined) throw new AppError('ConfigInvalid', '--data-dir needs a folder');
    dataDirectory = token.value;
    if (!token.inlineValue) taken.add(token.index + 1);
  }
  if (names.has('help')) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  return {
    dataDirectory: resolve(dataDirectory),
    demo: !names.has('no-demo'),
    json: names.has('json'),
    serverFlags: args.filter((_arg, i) => !taken.has(i)),
  };
}

try {
  const starter = new Starter(parseStartOptions(process.argv.slice(2)));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void starter.stop());
  exitWithParent();
  await starter.run();
} catch (error) {
  process.stderr.write(`sluice: ${errorMessage(error)}\n`);
  process.exit(1);
}
