/** What is to be translated, and what comes of it. */
import type { RelationSpec } from '../sql/relation.ts';
import type { NameFilter } from './name-filters.ts';

export interface SplRequest {
  /** All that follows the bar. */
  readonly text: string;
  /** Names of fields as the index has them; the pipeline may write them in any case. */
  readonly spellings: readonly string[];
  /** Newest first. */
  readonly reverse: boolean;
  /** The range of the request, [from, to) in Unix seconds. */
  readonly fromTime: number;
  readonly toTime: number;
}

/** What the cells of a row are. */
export interface SplShape {
  /** Fields by cell. */
  readonly fields: readonly string[];
  /** Where other fields come from: a cell with a JSON object, or (undefined) the log. Later ones win. */
  readonly rests: readonly {
    readonly cell: number | undefined;
    readonly filters: readonly NameFilter[];
  }[];
  /** The cell with a digit for each field: 1 for null. */
  readonly nullsCell: number;
}

export interface TranslatedSpl {
  /** One SELECT over the view of the relation. */
  readonly sql: string;
  readonly spec: RelationSpec;
  /** Columns of the relation. */
  readonly names: readonly string[];
  /** Fields that rests do not give. */
  readonly named: readonly string[];
  readonly shape: SplShape;
  /** Whether the rows are those of all logs together; else each is of one log, whose segment and row are its last cells. */
  readonly isBlocking: boolean;
  readonly isStats: boolean;
  /** The limit that was added. */
  readonly limited: number | undefined;
}
