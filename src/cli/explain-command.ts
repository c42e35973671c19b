/** `sluice explain`: has a running server answer a query, and shows what it did for it. */
import { AppError } from '#base/app-error.ts';
import { nameQuery, withLogstore } from '#config/client-options.ts';
import { EXPLAIN_OPTIONS, EXPLAIN_USAGE } from '#config/explain-options.ts';
import { helpText, parseOptions } from '#config/option-table.ts';
import { secondsOf } from '#config/time-text.ts';
import { findAccessKey } from './access-key.ts';
import { EXIT_DONE, type Command, type CommandContext } from './command.ts';
import { decodeExplainAnswer, type ExplainAnswer } from './explain-answer.ts';
import { explainReport } from './explain-view.ts';
import { EXPLAIN_ANSWER_BYTES_MAX } from './limits.ts';
import { requestLines, type LineRequest } from './line-request.ts';

const EXPLANATION = `
The query is run as usual, so its answer and its time are real; what a statement took inside DuckDB is measured in a second
run. Put the query in quotes: sluice explain … 'level:ERROR | select count(*) as n'.

Exit codes
  0  the query was answered
  2  the server refused it, or could not be asked
`;

export const explainCommand: Command = {
  name: 'explain',
  summary: 'show what the server does for a query',
  run: runExplain,
};

async function runExplain(context: CommandContext): Promise<number> {
  const argv = nameQuery(context.argv, EXPLAIN_OPTIONS);
  const parsed = parseOptions(EXPLAIN_OPTIONS, { ...context, argv });
  if (parsed.kind === 'help') {
    context.output.write(`${helpText(EXPLAIN_USAGE, EXPLAIN_OPTIONS)}${EXPLANATION}`);
    return EXIT_DONE;
  }
  const config = withLogstore(parsed.config);
  const { projectName, logstoreName, query, topic, line, reverse, endpoint } = config;
  const key = await findAccessKey(config);
  const nowMs = context.clock.nowMs();
  const fromTime = secondsOf(config.fromTime, nowMs);
  const toTime = secondsOf(config.toTime, nowMs);
  const answer = await ask({
    endpoint,
    method: 'POST',
    projectName,
    path: `/logstores/${encodeURIComponent(logstoreName)}/logs`,
    query: [],
    json: { from: fromTime, to: toTime, query, topic, line, reverse, explain: true },
    key,
    nowMs,
    lineBytesMax: EXPLAIN_ANSWER_BYTES_MAX,
    signal: context.interruption(),
  });
  const { output } = context;
  if (config.json) output.write(`${JSON.stringify(answer.explain)}\n`);
  else {
    const place = { projectName, logstoreName, query, fromTime, toTime };
    output.write(explainReport(answer, place, output.isTerminal));
  }
  return EXIT_DONE;
}

/** Errors: AnswerInvalid, those of `requestLines`. */
async function ask(request: LineRequest): Promise<ExplainAnswer> {
  let text = '';
  for await (const line of await requestLines(request)) text += line;
  if (text !== '') return decodeExplainAnswer(text);
  throw new AppError('AnswerInvalid', `${request.endpoint} answers nothing`);
}
