/** The answer to a translated statement over its relations, by the cheapest way there is. */
import type { SqlAnswer } from '../duck/duck-messages.ts';
import type { DuckProcess } from '../duck/duck-process.ts';
import type { QueryBudget } from '../query-budget.ts';
import type { Relation } from './relation.ts';
import { countName } from './used-names.ts';
import { logView } from './view.ts';

export interface AnswerSqlRequest {
  /** One SELECT over the views of the relations. */
  readonly sql: string;
  readonly relations: readonly Relation[];
}

export interface AnswerSqlCollaborators {
  readonly duck: DuckProcess;
  readonly budget: QueryBudget;
}

/** Errors: those of DuckDB, without a code; QueryTimeout; the signal's reason. */
export function answerSql(
  request: AnswerSqlRequest,
  { duck, budget }: AnswerSqlCollaborators,
): Promise<SqlAnswer> {
  const { sql, relations } = request;
  const count = countName(sql);
  const [log] = relations;
  if (count !== undefined && log !== undefined)
    return Promise.resolve(countAnswer(count, matchCount(log)));
  return duck.run(budget, 'answer', { sql, views: relations.map(logView) });
}

function matchCount({ matches }: Relation): number {
  return matches.reduce((sum, match) => sum + match.ranks.count, 0);
}

/** The index alone knows how many logs match. */
function countAnswer(name: string, count: number): SqlAnswer {
  return { keys: [name], columnTypes: ['bigint'], rows: [[String(count)]] };
}
