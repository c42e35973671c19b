/**
 * What the server and the process that owns DuckDB say to each other, over the channel that Node gives a child.
 * Tasks stand for themselves: what one leaves in the process only spares the next one work, so a lost one can be sent again.
 */
import type { ExplainProfile } from '#protocol/query-explain.ts';
import type { SplRequest, TranslatedSpl } from '../spl/spl-request.ts';
import type { AnswerPlan } from '../sql/answer-plan.ts';
import type { SqlRequest, TranslatedSql } from '../sql/request.ts';
import type { DataFileOptions } from '../udf/data-files.ts';

export interface DuckOptions {
  /** For all queries of the process together. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  /** Made when needed; may be lost at any time between queries. */
  readonly spillDirectory: string;
  /** Folders below which every segment file is; nothing else can be read. */
  readonly segmentDirectories: readonly string[];
  /** IANA name. */
  readonly timeZone: string;
  /** Files that functions look things up in. Default: none. */
  readonly dataFiles?: DataFileOptions | undefined;
}

/** One relation of one statement. */
export interface LogView {
  /** Unique in the statement; no user's text is in it. */
  readonly name: string;
  /** What the name stands for; it finds its bits in the temporary table `sls_bits_<name>`, by segment and block of 64 rows. */
  readonly select: string;
  /** Matching rows by the number of their segment, the first row in the lowest bit of the first word. */
  readonly bits: readonly { readonly segment: number; readonly words: Uint32Array }[];
}

/** How a statement gets the relation `sls_part_<number>` (`partial-plan.ts`). */
export type AnswerPart =
  | {
      readonly kind: 'times';
      readonly number: number;
      /** Asks `sls_rows_<number>`, the times and counts. */
      readonly sql: string;
      readonly times: Uint32Array;
      readonly counts: Uint32Array;
    }
  | {
      readonly kind: 'kept';
      readonly number: number;
      /** Asks `sls_rows_<number>`, which each of the views makes. */
      readonly sql: string;
      readonly key: string;
      readonly segments: readonly {
        readonly key: string;
        readonly rowCount: number;
        /** Undefined: its part was kept a moment ago. */
        readonly view: LogView | undefined;
      }[];
      /** Rows whose part is not kept. */
      readonly rest: LogView;
    };

export interface SqlAnswer {
  readonly keys: readonly string[];
  /** Presto type names by column. */
  readonly columnTypes: readonly string[];
  /** Texts by column. */
  readonly rows: readonly (readonly string[])[];
  /** What explaining the answer took in milliseconds, and gave. */
  readonly explained?:
    | { readonly profile: ExplainProfile | undefined; readonly tookMs: number }
    | undefined;
}

/** What each kind of task takes and gives. */
export interface DuckTasks {
  /** Errors: ParameterInvalid. */
  readonly translate: {
    readonly request: SqlRequest;
    readonly answer: TranslatedSql & { readonly plan?: AnswerPlan | undefined };
  };
  /** A pipeline. Errors: ParameterInvalid. */
  readonly translateSpl: {
    readonly request: SplRequest;
    readonly answer: TranslatedSpl;
  };
  /** For each part the segments that are not kept; undefined: it is not worth keeping. */
  readonly missing: {
    readonly request: {
      readonly parts: readonly { readonly key: string; readonly segments: readonly string[] }[];
    };
    readonly answer: readonly (readonly string[] | undefined)[];
  };
  /** A user's translated statement. Errors: ParameterInvalid, PartsLost, DuckDB's own without a code. */
  readonly answer: {
    readonly request: {
      readonly sql: string;
      readonly views: readonly LogView[];
      readonly parts: readonly AnswerPart[];
      /** Whether the answer tells what DuckDB did for it, which has it run once more. */
      readonly isExplained?: boolean | undefined;
    };
    readonly answer: SqlAnswer;
  };
}

export type DuckKind = keyof DuckTasks;

export type DuckTask = {
  readonly [Kind in DuckKind]: {
    readonly kind: Kind;
    readonly request: DuckTasks[Kind]['request'];
  };
}[DuckKind];

/** To the process. The first message is `open`. An interrupt stays until its task has ended. */
export type DuckCommand =
  | { readonly kind: 'open'; readonly options: DuckOptions }
  | { readonly kind: 'run'; readonly id: number; readonly task: DuckTask }
  | { readonly kind: 'interrupt'; readonly id: number };

/** From the process. A task gives any number of `rows`, then `done` or `failed`. */
export type DuckReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'memory'; readonly rssBytes: number }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'done'; readonly id: number; readonly answer: unknown }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly code: string | undefined;
      readonly message: string;
    };
