/**
 * `sluice tail`: shows logs as they are written, until it is stopped. A connection that breaks is made again; what is
 * written in between is not shown, and the command says so.
 */
import { z } from 'zod';
import { AppError, errorCode } from '#base/app-error.ts';
import { nameQuery, withLogstore } from '#config/client-options.ts';
import { helpText, parseOptions } from '#config/option-table.ts';
import { TAIL_OPTIONS, TAIL_USAGE, type TailConfig } from '#config/tail-options.ts';
import type { SigningKeys } from '#protocol/sign-request.ts';
import { findAccessKey } from './access-key.ts';
import { EXIT_DONE, type Command, type CommandContext } from './command.ts';
import { EVENT_CHARS_MAX, RECONNECT_MS_MAX, RECONNECT_MS_MIN } from './limits.ts';
import { requestLines } from './line-request.ts';
import { readEvents, type ServerEvent } from './server-events.ts';
import { TailView } from './tail-view.ts';

const EXPLANATION = `
The query is a search as in the console, in quotes: sluice tail … 'level:ERROR not uri:"/health"'. Ctrl-C ends the
command. Notices, such as how many logs were dropped, go to standard error.

Exit codes
  0  it was stopped
  2  the server refused, or could not be reached at first
`;

export const tailCommand: Command = {
  name: 'tail',
  summary: 'show logs as they are written',
  run: runTail,
};

interface Tail {
  readonly config: TailConfig & { readonly projectName: string; readonly logstoreName: string };
  readonly context: CommandContext;
  readonly key: SigningKeys;
  readonly view: TailView;
  readonly signal: AbortSignal;
}

/** What passes by itself, when the server has answered before. */
const PASSING: ReadonlySet<string> = new Set(['ServerUnreachable', 'ConnectionLost', 'ServerBusy']);

async function runTail(context: CommandContext): Promise<number> {
  const parsed = parseOptions(TAIL_OPTIONS, {
    ...context,
    argv: nameQuery(context.argv, TAIL_OPTIONS),
  });
  if (parsed.kind === 'help') {
    context.output.write(`${helpText(TAIL_USAGE, TAIL_OPTIONS)}${EXPLANATION}`);
    return EXIT_DONE;
  }
  const config = withLogstore(parsed.config);
  const view = new TailView({ ...context, json: config.json });
  const key = await findAccessKey(config);
  const signal = context.interruption();
  try {
    return await follow({ config, context, key, view, signal });
  } catch (error) {
    if (signal.aborted) return EXIT_DONE;
    throw error;
  }
}

/** Until the server refuses or the user has enough. */
async function follow(tail: Tail): Promise<never> {
  const { view, context, signal } = tail;
  let hasConnected = false;
  let pauseMs = RECONNECT_MS_MIN;
  for (;;) {
    let lost: unknown = new AppError('ConnectionLost', 'the connection ended');
    try {
      for await (const event of connect(tail, hasConnected ? 0 : tail.config.backCount)) {
        if (event === 'connected' && hasConnected)
          view.note('connected again; logs that were written in between are not shown');
        hasConnected = true;
        pauseMs = RECONNECT_MS_MIN;
        if (event !== 'connected') show(event, view);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!hasConnected || !PASSING.has(errorCode(error) ?? '')) throw error;
      lost = error;
    }
    if (pauseMs === RECONNECT_MS_MIN)
      view.note(`${lost instanceof Error ? lost.message : String(lost)}; connecting again`);
    await context.clock.sleep(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, RECONNECT_MS_MAX);
  }
}

/** `connected` first, then the events of one connection. */
async function* connect(
  { config, context, key, signal }: Tail,
  backCount: number,
): AsyncGenerator<ServerEvent | 'connected', void, void> {
  const lines = await requestLines({
    endpoint: config.endpoint,
    method: 'GET',
    projectName: config.projectName,
    path: `/logstores/${encodeURIComponent(config.logstoreName)}`,
    query: [
      ['type', 'tail'],
      ['query', config.query],
      ['topic', config.topic],
      ['back', String(backCount)],
    ],
    key,
    nowMs: context.clock.nowMs(),
    lineBytesMax: EVENT_CHARS_MAX,
    signal,
  });
  yield 'connected';
  yield* readEvents(lines);
}

const rowsSchema = z.array(z.record(z.string(), z.string()));
const droppedSchema = z.object({ reason: z.string(), count: z.number() });
const errorSchema = z.object({ errorCode: z.string(), errorMessage: z.string() });

/** Errors: what the server ended the tail with, AnswerInvalid. Events of later versions are passed over. */
function show({ event, data }: ServerEvent, view: TailView): void {
  if (event === 'logs') for (const row of parse(rowsSchema, data)) view.show(row);
  if (event === 'dropped') {
    const { reason, count } = parse(droppedSchema, data);
    view.showDropped(reason, count);
  }
  if (event === 'error') {
    const error = parse(errorSchema, data);
    throw new AppError(error.errorCode, error.errorMessage);
  }
}

function parse<T>(schema: z.ZodType<T>, data: string): T {
  try {
    return schema.parse(JSON.parse(data));
  } catch (error) {
    throw new AppError('AnswerInvalid', 'the server sends what this command does not understand', {
      cause: error,
    });
  }
}
