/** Another way to answer a statement: from parts of the logs, which can be kept, or from their times alone. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { SqlColumn } from './columns.ts';
import type { FunctionFacts } from './function-facts.ts';
import { splitSelects } from './partial-plan.ts';
import { parseSql, printAll, textOf, isNode, type SqlNode, type SqlValue } from './tree.ts';

export interface PartPlan {
  /** The relation that the part is about. */
  readonly viewName: string;
  /** Asks the relation `sls_rows_<i>`, rows of the view, for the part. */
  readonly ofRows: string;
  /** Asks the relation `sls_rows_<i>`, with times and how many rows have them, for all parts at once; undefined: it needs more. */
  readonly ofTimes: string | undefined;
  /** Whether only the number of rows matters. */
  readonly isCountOnly: boolean;
}

export interface AnswerPlan {
  /** The statement over `sls_part_<i>` in the place of views. */
  readonly sql: string;
  readonly parts: readonly PartPlan[];
  /** Views that it reads as before. */
  readonly viewNames: readonly string[];
}

/**
 * A plan for a translated statement; undefined: it needs all rows at once. `columns`: those of each view.
 */
export async function planAnswer(
  connection: DuckDBConnection,
  sql: string,
  context: {
    readonly columns: ReadonlyMap<string, readonly SqlColumn[]>;
    readonly functions: FunctionFacts;
  },
): Promise<AnswerPlan | undefined> {
  const parsed = await parseSql(connection, sql);
  if (parsed.kind === 'error') return undefined;
  const { root } = parsed;
  const columns = new Map(
    [...context.columns].map(([view, list]) => [
      view,
      new Set(['__time__', ...list.map(({ name }) => name.toLowerCase())]),
    ]),
  );
  const selects = splitSelects(root, { columns, functions: context.functions });
  if (selects.length === 0) return undefined;
  const asked = selects.flatMap(({ ofRows, ofTimes }) =>
    ofTimes === undefined ? [ofRows] : [ofRows, ofTimes],
  );
  const roots = asked.map((node) => ({ ...root, node }));
  const [plan = '', ...texts] = await printAll(connection, [root, ...roots]);
  const textOfNode = new Map(asked.map((node, i) => [node, texts[i] ?? '']));
  const parts = selects.map(({ ofRows, ofTimes, viewName, isCountOnly }) => ({
    viewName,
    isCountOnly,
    ofRows: textOfNode.get(ofRows) ?? '',
    ofTimes: ofTimes && textOfNode.get(ofTimes),
  }));
  const read = tableNames(root);
  return {
    sql: plan,
    parts,
    viewNames: [...columns.keys()].filter((view) => read.has(view)),
  };
}

function tableNames(root: SqlNode): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (value: SqlValue): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    if (value['type'] === 'BASE_TABLE') names.add(textOf(value, 'table_name'));
    Object.values(value).forEach(visit);
  };
  visit(root);
  return names;
}
