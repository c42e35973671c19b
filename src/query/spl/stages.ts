/** The stages of a pipeline (sls-query §5). Plain data; `start`/`end` are characters of the pipeline's text, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A field by its name as written. */
export interface FieldName extends Span {
  readonly name: string;
}

export interface Renamed {
  readonly to: FieldName;
  readonly from: FieldName;
}

export interface Assignment {
  readonly field: FieldName;
  readonly expression: Span;
}

/** What the parse commands have in common: a field whose text is taken apart. */
interface ParseStage extends Span {
  readonly field: FieldName;
}

export type SplStage = Span &
  (
    | { readonly kind: 'where'; readonly condition: Span }
    | { readonly kind: 'extend'; readonly assignments: readonly Assignment[] }
    | { readonly kind: 'project'; readonly fields: readonly Renamed[] }
    | { readonly kind: 'projectLike'; readonly patterns: readonly string[] }
    | { readonly kind: 'drop'; readonly fields: readonly FieldName[] }
    | { readonly kind: 'dropLike'; readonly patterns: readonly string[] }
    | { readonly kind: 'rename'; readonly fields: readonly Renamed[] }
    | ParseRegexpStage
    | ParseJsonStage
    | ParseCsvStage
    | ParseKvStage
    | PackStage
    | StatsStage
    | SortStage
    | LimitStage
  );

export interface ParseRegexpStage extends ParseStage {
  readonly kind: 'parseRegexp';
  readonly pattern: string;
  readonly as: readonly FieldName[];
}

export interface ParseJsonStage extends ParseStage {
  readonly kind: 'parseJson';
  /** A JSONPath of names and numbers; undefined: the whole text. */
  readonly path: string | undefined;
  readonly prefix: string;
}

export interface ParseCsvStage extends ParseStage {
  readonly kind: 'parseCsv';
  readonly delimiter: string;
  readonly as: readonly FieldName[];
}

export interface ParseKvStage extends ParseStage {
  readonly kind: 'parseKv';
  readonly prefix: string;
  readonly how:
    | {
        readonly kind: 'separators';
        readonly between: string;
        readonly inside: string;
        /** Whether each character of a separator is one. */
        readonly isAnyCharacter: boolean;
      }
    /** The first two groups of each match are a key and its value. */
    | { readonly kind: 'regexp'; readonly pattern: string };
}

export interface PackStage extends Span {
  readonly kind: 'pack';
  /** Regular expressions for whole names. */
  readonly include: string | undefined;
  readonly exclude: string | undefined;
  /** Taken off the front of the names inside. */
  readonly prefix: string;
  /** Whether the fields stay beside the text. */
  readonly keeps: boolean;
  readonly as: FieldName;
}

export interface StatsStage extends Span {
  readonly kind: 'stats';
  readonly outputs: readonly Assignment[];
  readonly by: readonly FieldName[];
}

export interface SortStage extends Span {
  readonly kind: 'sort';
  readonly terms: readonly { readonly field: FieldName; readonly isDescending: boolean }[];
}

export interface LimitStage extends Span {
  readonly kind: 'limit';
  readonly count: number;
}
