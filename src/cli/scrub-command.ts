/**
 * `sluice scrub`: says what of the stored data is damaged, and repairs it when asked to. The check runs in the
 * server when one is running, else in this process; either way it is the backend's.
 */
import { AppError } from '#base/app-error.ts';
import { decodeScrubLine, type ScrubLine } from '#backend/scrub-lines.ts';
import { helpText, parseOptions } from '#config/option-table.ts';
import { SCRUB_OPTIONS, SCRUB_USAGE, type ScrubConfig } from '#config/scrub-options.ts';
import { findAccessKey } from './access-key.ts';
import { EXIT_BAD, EXIT_DONE, type Command, type CommandContext } from './command.ts';
import { requestLines } from './line-request.ts';
import { ScrubView } from './scrub-view.ts';

/** A data directory that is open in this process. Disposing closes it. */
export interface LocalScrub extends AsyncDisposable {
  readonly kind: 'open';
  lines(options: {
    readonly repair: boolean;
    readonly signal: AbortSignal;
  }): AsyncIterable<ScrubLine>;
}

/** A running server holds the data directory. */
export interface HeldDirectory {
  readonly kind: 'held';
  /** Where that server is reached; undefined when it has not said so yet. */
  readonly endpoint: string | undefined;
}

export interface ScrubCollaborators {
  /** Errors: DataDirectoryInvalid, those of the stores. */
  readonly openLocal: (
    options: Pick<ScrubConfig, 'logLevel'> & { readonly dataDirectory: string },
  ) => Promise<LocalScrub | HeldDirectory>;
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8080';

const EXPLANATION = `
Checks every checksum of the stored data (records of the write-ahead logs, blocks of the indexes, pages of the
Parquet files) and the form of the manifests. One line for each finding, with what to do about it, and a summary.

Exit codes
  0  everything is sound, or has been repaired
  1  there is damage left
  2  the check could not be done
`;

export function scrubCommand(collaborators: ScrubCollaborators): Command {
  return {
    name: 'scrub',
    summary: 'check everything that is stored for damage, and repair it',
    run: (context) => runScrub(context, collaborators),
  };
}

async function runScrub(
  context: CommandContext,
  collaborators: ScrubCollaborators,
): Promise<number> {
  const parsed = parseOptions(SCRUB_OPTIONS, context);
  if (parsed.kind === 'help') {
    context.output.write(`${helpText(SCRUB_USAGE, SCRUB_OPTIONS)}${EXPLANATION}`);
    return EXIT_DONE;
  }
  const { config } = parsed;
  const { output, errors } = context;
  const view = new ScrubView({ json: config.json, repair: config.repair, output, errors });
  const signal = context.interruption();
  const { dataDirectory, endpoint, logLevel, repair } = config;
  const place: LocalScrub | HeldDirectory =
    dataDirectory === undefined || endpoint !== undefined
      ? { kind: 'held', endpoint }
      : await collaborators.openLocal({ dataDirectory, logLevel });
  try {
    if (place.kind === 'open') return await follow(place.lines({ repair, signal }), view);
    const asked = { ...config, endpoint: place.endpoint ?? DEFAULT_ENDPOINT };
    return await follow(serverLines(asked, context, signal), view);
  } finally {
    view.clearProgress();
    if (place.kind === 'open') await place[Symbol.asyncDispose]();
  }
}

async function* serverLines(
  config: ScrubConfig & { readonly endpoint: string },
  context: CommandContext,
  signal: AbortSignal,
): AsyncGenerator<ScrubLine, void, void> {
  const lines = await requestLines({
    endpoint: config.endpoint,
    method: 'POST',
    path: '/scrubs',
    query: [['repair', String(config.repair)]],
    key: await findAccessKey(config),
    nowMs: context.clock.nowMs(),
    signal,
  });
  for await (const text of lines) {
    const line = decodeScrubLine(text);
    if (line !== undefined) yield line;
  }
}

/** Shows all lines; the exit code. */
async function follow(lines: AsyncIterable<ScrubLine>, view: ScrubView): Promise<number> {
  for await (const line of lines) {
    if (line.kind === 'error') throw new AppError(line.errorCode, line.errorMessage);
    view.show(line);
    if (line.kind === 'summary') return line.damageCount > 0 ? EXIT_BAD : EXIT_DONE;
  }
  throw new AppError('ConnectionLost', 'the server ended before the check did');
}
