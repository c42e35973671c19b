/** Finds the command that the first word names, and answers for `sluice` itself. */
import { AppError, errorMessage } from '#base/app-error.ts';
import { nearestWord } from '#config/nearest-word.ts';
import { EXIT_DONE, EXIT_FAILED, type Command, type CommandContext } from './command.ts';
import { plainText } from './text.ts';

export interface DispatchOptions {
  readonly commands: readonly Command[];
  /** As `--version` shows it. */
  readonly version: string;
}

const OWN_OPTIONS: readonly string[] = ['--help', '--version'];

/** `context.argv` begins with the command's name. The exit code is that of `Command.run`. */
export async function dispatch(
  options: DispatchOptions,
  context: CommandContext,
): Promise<number | undefined> {
  const [word, ...rest] = context.argv;
  const { commands } = options;
  if (word === undefined) {
    context.errors.write(helpOf(commands));
    return EXIT_FAILED;
  }
  if (word === '--version' || word === '-V') {
    context.output.write(`sluice ${options.version}\n`);
    return EXIT_DONE;
  }
  const asksHelp = word === '--help' || word === '-h' || word === 'help';
  if (asksHelp && (rest[0] === undefined || word !== 'help')) {
    context.output.write(helpOf(commands));
    return EXIT_DONE;
  }
  const name = asksHelp ? rest[0] : word;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) return unknownCommand(name ?? '', commands, context);
  const argv = asksHelp ? ['--help'] : rest;
  try {
    return await command.run({ ...context, argv });
  } catch (error) {
    return failed(command, error, { ...context, argv });
  }
}

function helpOf(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands
    .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`)
    .join('');
  return (
    `Usage: sluice <command> [options]\n\n${list}\n` +
    'sluice <command> --help tells more of a command; sluice --version prints the version.\n'
  );
}

function unknownCommand(
  name: string,
  commands: readonly Command[],
  context: CommandContext,
): number {
  const isOption = name.startsWith('-');
  const names = commands.map((command) => command.name);
  const nearest = nearestWord(name, isOption ? OWN_OPTIONS : names);
  const hint = nearest === undefined ? 'see sluice --help' : `did you mean ${nearest}?`;
  context.errors.write(
    `sluice: unknown ${isOption ? 'option' : 'command'} ${JSON.stringify(name)}, ${hint}\n`,
  );
  return EXIT_FAILED;
}

/** Errors of operation are for the user; the stack of any other is for whoever mends it. */
function failed(command: Command, error: unknown, context: CommandContext): number {
  const code = error instanceof AppError ? error.code : 'InternalError';
  if (context.argv.includes('--json')) {
    const line = { kind: 'error', errorCode: code, errorMessage: errorMessage(error) };
    context.output.write(`${JSON.stringify(line)}\n`);
  }
  const isOurs = error instanceof AppError || !(error instanceof Error) || 'code' in error;
  const detail = isOurs ? '' : `\n${error.stack ?? ''}`;
  context.errors.write(`sluice ${command.name}: ${plainText(errorMessage(error))}${detail}\n`);
  return EXIT_FAILED;
}
