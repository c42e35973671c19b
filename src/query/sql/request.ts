/** What is to be translated, and what comes of it. */
import type { SqlColumn } from './columns.ts';
import type { RelationSpec } from './relation.ts';

export interface SqlRequest {
  /** All that follows the bar. */
  readonly text: string;
  /** The logstore of the request; undefined for SQL over a project, where every relation is named. */
  readonly logstore: SqlLogstore | undefined;
  /** Other logstores of the project that the statement names, as far as they are known yet. */
  readonly otherLogstores: readonly SqlLogstore[];
  /** The range of the request, [from, to) in Unix seconds. */
  readonly fromTime: number;
  readonly toTime: number;
  /** Whether the columns are the fields that the statement may mean, indexed or not. */
  readonly isScan?: boolean | undefined;
}

export interface SqlLogstore {
  readonly name: string;
  readonly columns: readonly SqlColumn[];
}

export type TranslatedSql =
  /** Nothing was translated: ask again with these logstores too. */
  | { readonly kind: 'needs'; readonly logstoreNames: readonly string[] }
  | {
      readonly kind: 'sql';
      /** One SELECT over the views of the relations. */
      readonly sql: string;
      readonly relations: readonly RelationSpec[];
      /** The limit that was added. */
      readonly limited: number | undefined;
    };
