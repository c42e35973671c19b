/** What all rewrites of one statement share. */
import { AppError } from '#base/app-error.ts';
import { UNKNOWN, type Kind } from './kinds.ts';
import type { RelationTable } from './relation-table.ts';
import type { SqlRequest } from './request.ts';
import type { Scope, ScopeColumn } from './scope.ts';
import type { SplicedSql } from './splice.ts';
import type { Templates } from './templates.ts';
import type { SqlNode } from './tree.ts';

export interface SqlContext {
  readonly request: SqlRequest;
  readonly spliced: SplicedSql;
  readonly templates: Templates;
  readonly relations: RelationTable;
  /** Kinds of the expressions that are rewritten. */
  readonly kinds: WeakMap<SqlNode, Kind>;
  /** Rewrites a query (a SELECT or a set operation) that stands inside another. */
  readonly query: (query: SqlNode, scope: Scope) => RewrittenQuery;
}

export interface RewrittenQuery {
  readonly node: SqlNode;
  readonly columns: readonly ScopeColumn[];
}

/** The kind of a rewritten expression. */
export function kindOf(context: SqlContext, node: SqlNode): Kind {
  return context.kinds.get(node) ?? UNKNOWN;
}

/** Remembers the kind of a rewritten expression. */
export function withKind(context: SqlContext, node: SqlNode, kind: Kind): SqlNode {
  context.kinds.set(node, kind);
  return node;
}

/** `line:column` of a node in the user's text. */
export function placeOf(context: SqlContext, node: SqlNode): string {
  return context.spliced.placeOf(node['query_location']);
}

/** An error at a node, with the place as the service writes it. */
export function errorAt(context: SqlContext, node: SqlNode, message: string): AppError {
  return new AppError('ParameterInvalid', `line ${placeOf(context, node)}: ${message}`);
}
