/**
 * `sluice <command>`: the commands of Sluice and how each is started. `scripts/sluice.mjs` makes a clone ready and runs
 * this file; `node src/main/cli.ts <command>` does where it is ready.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#base/app-error.ts';
import type { Command, CommandContext, TextOutput } from '#cli/command.ts';
import { dispatch } from '#cli/dispatch.ts';
import { explainCommand } from '#cli/explain-command.ts';
import { reindexCommand } from '#cli/reindex-command.ts';
import { scrubCommand } from '#cli/scrub-command.ts';
import { tailCommand } from '#cli/tail-command.ts';
import { RealClock } from '#platform/real-clock.ts';
import { exitWithParent } from './parent-watch.ts';

/** Every command. Files are loaded when their command runs. */
const COMMANDS: readonly Command[] = [
  role('server', 'run the server with its console', () => import('./server.ts')),
  role('logtail', 'run the agent that follows files', () => import('./logtail.ts')),
  role('start', 'run a server and an agent with a demo logstore', () => import('./start.ts')),
  scrubCommand({
    openLocal: async (options) => (await import('./scrub.ts')).openLocalScrub(options),
  }),
  reindexCommand,
  tailCommand,
  explainCommand,
];

/** A command that is an entry of its own: it reads the words after its name, and ends when it likes. */
function role(name: string, summary: string, load: () => Promise<unknown>): Command {
  return {
    name,
    summary,
    async run({ argv }): Promise<undefined> {
      process.argv.splice(2, process.argv.length, ...argv);
      await load();
    },
  };
}

function outputTo(stream: NodeJS.WriteStream): TextOutput {
  // Whoever reads may have enough (`sluice … | head`); there is nobody left to tell.
  stream.on('error', () => process.exit(2));
  return { isTerminal: stream.isTTY ?? false, write: (text) => void stream.write(text) };
}

/** The first signal asks the command to end; Node's own way with the second is to end it. */
function interruption(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => abort.abort(new AppError('Interrupted', 'interrupted')));
  exitWithParent();
  return abort.signal;
}

async function version(): Promise<string> {
  const path = join(import.meta.dirname, '..', '..', 'package.json');
  const { version } = JSON.parse(await readFile(path, 'utf8')) as { readonly version: string };
  return version;
}

const context: CommandContext = {
  argv: process.argv.slice(2),
  env: process.env,
  output: outputTo(process.stdout),
  errors: outputTo(process.stderr),
  clock: new RealClock(),
  interruption,
};
const code = await dispatch({ commands: COMMANDS, version: await version() }, context);
if (code !== undefined) process.exitCode = code;
