/**
 * The tree of the search part of a query (sls-query §2). Plain data: what a node means for a given index
 * configuration is decided in `#query`. `start`/`end` are 0-based columns in the query text, end exclusive.
 */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type SearchNode =
  | { readonly kind: 'all'; readonly span: Span }
  | { readonly kind: 'and'; readonly operands: readonly SearchNode[]; readonly span: Span }
  | { readonly kind: 'or'; readonly operands: readonly SearchNode[]; readonly span: Span }
  | { readonly kind: 'not'; readonly operand: SearchNode; readonly span: Span }
  | TextNode
  | CompareNode
  | RangeNode;

/** `word`, `"text"`, `#"phrase"`, each with an optional `key:`. */
export interface TextNode {
  readonly kind: 'text';
  /** Undefined: the full text. As written by the user (field names ignore case). */
  readonly key: string | undefined;
  readonly text: string;
  /** `word` may hold wildcards `*` and `?`; in `quoted` and `phrase` they are literal. */
  readonly form: 'word' | 'quoted' | 'phrase';
  readonly span: Span;
}

export type CompareOperator = '>' | '>=' | '<' | '<=' | '=';

export interface CompareNode {
  readonly kind: 'compare';
  readonly key: string;
  readonly operator: CompareOperator;
  /** The right side as written; not always a number (then the words are searched as full text). */
  readonly value: string;
  readonly span: Span;
}

export interface RangeNode {
  readonly kind: 'range';
  readonly key: string;
  readonly low: number;
  readonly high: number;
  readonly lowInclusive: boolean;
  readonly highInclusive: boolean;
  readonly span: Span;
}

/** A whole query text, cut at the first `|` outside quotes. */
export interface ParsedQuery {
  readonly search: SearchNode;
  /** Text of the search part, trimmed. */
  readonly whereText: string;
  /**
   * What follows `|`: nothing, SQL, `with_pack_meta`, or a pipeline command that is not SQL. `text` is all of
   * it, leading blanks included (columns of SQL errors count from there); `start` is its column.
   */
  readonly analysis:
    | { readonly kind: 'none' }
    | { readonly kind: 'sql'; readonly text: string; readonly start: number }
    | { readonly kind: 'packMeta' }
    | { readonly kind: 'spl'; readonly text: string; readonly start: number };
}
