/**
 * `sluice reindex`: has a running server rebuild old logs with the present index configuration, shows how far it is and
 * cancels it. The job is the server's: it goes on when the command ends.
 */
import { AppError } from '#base/app-error.ts';
import { decodeReindexReport, isOver, type ReindexReport } from '#backend/reindex-report.ts';
import { withLogstore } from '#config/client-options.ts';
import { helpText, parseOptions } from '#config/option-table.ts';
import { REINDEX_OPTIONS, REINDEX_USAGE, type ReindexConfig } from '#config/reindex-options.ts';
import { secondsOf } from '#config/time-text.ts';
import type { SigningKeys } from '#protocol/sign-request.ts';
import { findAccessKey } from './access-key.ts';
import { EXIT_BAD, EXIT_DONE, EXIT_FAILED, type Command, type CommandContext } from './command.ts';
import { REINDEX_POLL_MS } from './limits.ts';
import { requestLines, type LineRequest } from './line-request.ts';
import { ReindexView } from './reindex-view.ts';

const EXPLANATION = `
A changed index configuration holds for logs that are written later. This rebuilds the segments of the older ones in
the background, so that searches and SQL answer as if all logs had been written under the present configuration.

Exit codes
  0  the job is done, or started with --no-wait, or was shown or cancelled as asked
  1  the job failed or was cancelled by somebody else
  2  the server could not be asked
`;

export const reindexCommand: Command = {
  name: 'reindex',
  summary: 'rebuild old logs with the present index configuration',
  run: runReindex,
};

interface Asking {
  readonly config: ReindexConfig & { readonly projectName: string; readonly logstoreName: string };
  readonly context: CommandContext;
  readonly key: SigningKeys;
  readonly signal: AbortSignal;
}

async function runReindex(context: CommandContext): Promise<number> {
  const parsed = parseOptions(REINDEX_OPTIONS, context);
  if (parsed.kind === 'help') {
    context.output.write(`${helpText(REINDEX_USAGE, REINDEX_OPTIONS)}${EXPLANATION}`);
    return EXIT_DONE;
  }
  const config = checked(parsed.config);
  const view = new ReindexView({ ...context, json: config.json });
  const key = await findAccessKey(config);
  const asking: Asking = { config, context, key, signal: context.interruption() };
  try {
    if (config.status || config.cancel) {
      const report = await ask(asking, config.cancel ? 'DELETE' : 'GET');
      view.show(report);
      return report.state === 'failed' ? EXIT_BAD : EXIT_DONE;
    }
    const started = await ask(asking, 'POST');
    if (!config.noWait) return await follow(started, asking, view);
    view.show(started);
    return EXIT_DONE;
  } finally {
    view.clearProgress();
  }
}

/** Errors: ConfigInvalid. */
function checked(config: ReindexConfig): Asking['config'] {
  if (config.status && config.cancel) throw invalid('--status and --cancel exclude each other');
  return withLogstore(config);
}

/** Until the job is over; the exit code. */
async function follow(started: ReindexReport, asking: Asking, view: ReindexView): Promise<number> {
  const { context, signal } = asking;
  let report = started;
  try {
    while (!isOver(report.state)) {
      view.showProgress(report);
      await context.clock.sleep(REINDEX_POLL_MS, signal);
      report = await ask(asking, 'GET');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    view.clearProgress();
    context.errors.write('the job goes on in the server: --status shows it, --cancel ends it\n');
    return EXIT_FAILED;
  }
  view.show(report);
  return report.state === 'done' ? EXIT_DONE : EXIT_BAD;
}

async function ask(asking: Asking, method: LineRequest['method']): Promise<ReindexReport> {
  const { config, context, key, signal } = asking;
  const { endpoint, projectName, logstoreName, fromTime, toTime } = config;
  const query: [string, string][] = [];
  const nowMs = context.clock.nowMs();
  for (const [name, time] of Object.entries({ from: fromTime, to: toTime }))
    if (method === 'POST' && time !== undefined) query.push([name, String(secondsOf(time, nowMs))]);
  const lines = await requestLines({
    endpoint,
    method,
    path: `/logstores/${encodeURIComponent(logstoreName)}/reindex`,
    projectName,
    query,
    key,
    nowMs,
    signal,
  });
  for await (const line of lines) return decodeReindexReport(line);
  throw new AppError('AnswerInvalid', `${endpoint} answers nothing`);
}

function invalid(message: string): AppError {
  return new AppError('ConfigInvalid', message);
}
