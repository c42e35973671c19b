/** Where logs are. */
export interface Place {
  readonly project: string;
  readonly logstore: string;
}

/** One log or one row of an SQL result as it travels: every value is text. */
export type LogRow = Readonly<Record<string, string>>;

/** The span [from, to) in Unix seconds. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** A positive word of the search, with the field it was asked of; `key` "" is the full text. */
export interface SearchTerm {
  readonly key: string;
  readonly term: string;
}

/** Whether the server read everything in its time slice. */
export type Progress = 'Complete' | 'Incomplete';

export interface HistogramBucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly progress: Progress;
}
