/** The names that an expression can use, from the inside out. */
import { UNKNOWN, type Kind } from './kinds.ts';
import type { SqlNode } from './tree.ts';

export interface ScopeColumn {
  readonly name: string;
  readonly kind: Kind;
  /** A second name of a column, which `*` leaves out. */
  readonly isAlias?: boolean;
  /** The column whose value is a row with this one as a field. */
  readonly row?: string;
}

/** A bound on `__time__` that the statement's own conditions give. */
export interface TimeBound {
  /** Whether the range begins here; else it ends here. */
  readonly isFrom: boolean;
  /** A constant expression: Unix seconds as a double. */
  readonly seconds: SqlNode;
  /** Whether the second itself is inside. */
  readonly isInside: boolean;
}

export interface ScopeRelation {
  /** As the printed statement has it. */
  readonly alias: string;
  readonly columns: readonly ScopeColumn[];
  /** Columns that a join merged with those of a relation to the left, in lower case. */
  readonly merged: ReadonlySet<string>;
  /** Whether its columns are printed with its name because relations that the user does not see have the same. */
  readonly isQualified: boolean;
  /** Told the lower-case name of each column that is read. */
  readonly onRead?: ((name: string) => void) | undefined;
  /** Of a logstore: where conditions on its time are noted. */
  readonly bounds?: TimeBound[] | undefined;
}

/** A common table expression. */
export interface ScopeCte {
  /** The engine's name. */
  readonly name: string;
  readonly columns: readonly ScopeColumn[];
  /** Its query as parsed, for the same over earlier logs. */
  readonly original: SqlNode;
  readonly scope: Scope;
  readonly aliases: readonly string[];
}

export interface Scope {
  readonly relations: readonly ScopeRelation[];
  readonly outer: Scope | undefined;
  /** By lower-case name. */
  readonly ctes: ReadonlyMap<string, ScopeCte>;
  /** Lambda parameters by lower-case name, and what stands for them. */
  readonly parameters: ReadonlyMap<string, { readonly node: SqlNode; readonly kind: Kind }>;
  /** Outputs that HAVING and ORDER BY may name, by lower-case alias. */
  readonly outputs: ReadonlyMap<string, SqlNode>;
  /** By seconds, the relations that `compare` reads beside the visible one. */
  readonly earlier: ReadonlyMap<number, ScopeRelation>;
  /** What the SELECT with `compare` groups by, rewritten. */
  readonly earlierKeys: readonly SqlNode[];
  /** Whether the SELECT has groups. */
  readonly isGrouped: boolean;
  /** How much earlier than the request the logs are. */
  readonly shiftSeconds: number;
}

export const EMPTY_SCOPE: Scope = {
  relations: [],
  outer: undefined,
  ctes: new Map(),
  parameters: new Map(),
  outputs: new Map(),
  earlier: new Map(),
  earlierKeys: [],
  isGrouped: false,
  shiftSeconds: 0,
};

/** The scope of a query that stands inside an expression or a FROM. */
export function innerScope(scope: Scope, sees: Scope | undefined): Scope {
  const { ctes, shiftSeconds } = scope;
  return { ...EMPTY_SCOPE, ctes, shiftSeconds, outer: sees };
}

export interface FoundColumn {
  readonly relation: ScopeRelation;
  readonly column: ScopeColumn;
}

/** The columns that a name can mean in the innermost scope that has it. */
export function findColumns(
  scope: Scope,
  name: string,
  relationName: string | undefined,
): readonly FoundColumn[] {
  const lower = name.toLowerCase();
  const relationLower = relationName?.toLowerCase();
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const found = at.relations.flatMap((relation): FoundColumn[] => {
      if (relationLower === undefined && relation.merged.has(lower)) return [];
      if (relationLower !== undefined && relation.alias.toLowerCase() !== relationLower) return [];
      const column = relation.columns.find((one) => one.name.toLowerCase() === lower);
      return column === undefined ? [] : [{ relation, column }];
    });
    if (found.length > 0) return found;
  }
  return [];
}

/** Column aliases of a relation over its columns. */
export function renameColumns(
  columns: readonly ScopeColumn[],
  aliases: readonly string[],
): readonly ScopeColumn[] {
  if (columns.length === 0) return aliases.map((name) => ({ name, kind: UNKNOWN }));
  return columns.map((column, i) => ({ ...column, name: aliases[i] ?? column.name }));
}
