/** The relations of one statement: what its translation asks for, and what was found for it. */
import type { SegmentMatch } from '../search/match-segment.ts';
import type { SqlColumn } from './columns.ts';

/** A name that the translated SQL reads as a table, and which logs stand behind it. */
export interface RelationSpec {
  /** Unique in the statement: `log`, `log_shift_86400`, `store_2`. No user's text is in it. */
  readonly viewName: string;
  /** Undefined: the logstore of the request, under its search. Else another one of the project: all its logs of the range. */
  readonly logstoreName: string | undefined;
  /** Seconds that the range lies earlier than the request's; they are added to `__time__` of its rows. */
  readonly shiftSeconds: number;
  /** The range that the statement's own conditions on `__time__` give, [from, to) in Unix seconds; undefined: the request's. */
  readonly timeRange: { readonly fromTime: number; readonly toTime: number } | undefined;
  /** Lower-case names among which are all columns of it that the statement reads; undefined: any. */
  readonly usedNames: readonly string[] | undefined;
}

/** The logs behind a relation. */
export interface Relation {
  readonly spec: RelationSpec;
  /** Columns that the view has, beside `__time__`. */
  readonly columns: readonly SqlColumn[];
  /** Bytes of a text value that SQL sees. */
  readonly textBytesMax: number;
  /** Only segments with matching rows. */
  readonly matches: readonly SegmentMatch[];
}
