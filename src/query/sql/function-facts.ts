/**
 * What DuckDB says of its functions, the macros of the prelude and the functions in JavaScript: which make one value of many
 * rows, and which give the same value for the same arguments at any time.
 */
import type { DuckDBConnection } from '@duckdb/node-api';

export interface FunctionFacts {
  /** Lower-case names of aggregates, and of macros that call one. */
  readonly aggregates: ReadonlySet<string>;
  /** Lower-case names of functions whose value depends on their arguments alone; aggregates among them. */
  readonly stable: ReadonlySet<string>;
}

const SQL = `SELECT lower(function_name), function_type, stability, macro_definition
  FROM duckdb_functions() WHERE function_type IN ('aggregate', 'scalar', 'macro')`;

/** It is volatile, so that it is not called too early; it has no value that could change. */
const RAISE = 'error';

interface Facts {
  isAggregate: boolean;
  isStable: boolean;
  readonly words: Set<string>;
}

/** Takes some 30 ms; what it says stays true for as long as nothing is defined. */
export async function readFunctionFacts(connection: DuckDBConnection): Promise<FunctionFacts> {
  const facts = new Map<string, Facts>();
  const result = await connection.runAndReadAll(SQL);
  for (const row of result.getRowsJS()) {
    const [name = '', type, stability, definition = ''] = row.map(textOrNothing);
    const one = facts.get(name) ?? {
      isAggregate: false,
      isStable: true,
      words: new Set<string>(),
    };
    one.isAggregate ||= type === 'aggregate';
    one.isStable &&= stability === undefined || stability === 'CONSISTENT' || name === RAISE;
    for (const [word] of definition.matchAll(/[a-z_]\w*/giu)) one.words.add(word.toLowerCase());
    facts.set(name, one);
  }
  spread(facts);
  const names = (test: (one: Facts) => boolean): ReadonlySet<string> =>
    new Set([...facts].filter(([, one]) => test(one)).map(([name]) => name));
  return { aggregates: names((one) => one.isAggregate), stable: names((one) => one.isStable) };
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A macro is what it calls; any word of its definition may be a call. */
function spread(facts: Map<string, Facts>): void {
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const one of facts.values())
      for (const word of one.words) {
        const called = facts.get(word);
        if (called === undefined) continue;
        const isAggregate = one.isAggregate || called.isAggregate;
        const isStable = one.isStable && called.isStable;
        isChanged ||= isAggregate !== one.isAggregate || isStable !== one.isStable;
        one.isAggregate = isAggregate;
        one.isStable = isStable;
      }
  }
}
