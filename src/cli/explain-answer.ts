/** The answer to an explained query, checked: it may come from a server of another version. */
import { z } from 'zod';
import { AppError } from '#base/app-error.ts';
import type {
  ExplainNode,
  ExplainOperator,
  ExplainProfile,
  ExplainSql,
  QueryExplain,
} from '#protocol/query-explain.ts';

/** What this command can show. */
const EXPLAIN_VERSION = 1;

export interface ExplainAnswer {
  readonly progress: string;
  /** Rows of the answer. */
  readonly count: number;
  readonly isAccurate: boolean;
  readonly explain: QueryExplain;
}

const number = z.number();
const text = z.string();
const kinds = z.object({ committed: number, sealed: number });
const reads = z.object({ read: number, cached: number });
const hits = z.object({ hits: number, misses: number });

const node: z.ZodType<ExplainNode> = z.object({
  kind: text,
  label: text,
  lookups: z.array(z.object({ terms: z.array(text), fields: z.array(text), fieldCount: number })),
  rows: number,
  segments: number,
  durationMs: number,
  operands: z.lazy(() => z.array(node)),
});

const operator: z.ZodType<ExplainOperator> = z.object({
  name: text,
  detail: text,
  rows: number,
  rowsScanned: number,
  durationMs: number,
  children: z.lazy(() => z.array(operator)),
});

const profile: z.ZodType<ExplainProfile> = z.object({
  durationMs: number,
  cpuMs: number,
  rowsScanned: number,
  root: operator,
});

const segment = z.object({
  id: text,
  kind: z.enum(['committed', 'sealed']),
  minTime: number,
  maxTime: number,
  rowCount: number,
  scannedRows: number,
  matchedRows: number,
  isCached: z.boolean(),
  durationMs: number,
});

const sql: z.ZodType<ExplainSql> = z.object({
  statement: text,
  sent: text,
  way: text,
  relations: z.array(
    z.object({
      view: text,
      logstoreName: text,
      fromTime: number,
      toTime: number,
      shiftSeconds: number,
      segments: number,
      rows: number,
      columns: z.array(text),
    }),
  ),
  parts: z.array(z.object({ view: text, way: text, hits: number, misses: number, rest: number })),
  views: z.array(z.object({ name: text, select: text })),
  profile: profile.optional(),
});

const explain: z.ZodType<QueryExplain> = z.object({
  version: z.literal(EXPLAIN_VERSION),
  search: node.optional(),
  segments: z.object({
    total: kinds,
    pruned: kinds,
    skipped: kinds,
    matched: kinds,
    unmatched: kinds,
    list: z.array(segment),
  }),
  index: z.object({
    termLookups: number,
    postingLists: number,
    postingRows: number,
    blocks: z.record(text, reads),
    bytesRead: number,
  }),
  rows: z.object({
    scanned: number,
    matched: number,
    fetched: number,
    pages: reads,
    bytesRead: number,
  }),
  caches: z.object({ rowSets: hits, parts: hits }),
  sql: sql.optional(),
  steps: z.array(z.object({ name: text, startMs: number, durationMs: number })),
  totals: z.object({ durationMs: number, bytesRead: number }),
});

const answer = z.object({
  meta: z.object({ progress: text, count: number, isAccurate: z.boolean(), explain }),
});
const unexplained = z.object({
  meta: z.object({ progress: text, explain: z.undefined().optional() }),
});

/** Errors: AnswerInvalid. */
export function decodeExplainAnswer(line: string): ExplainAnswer {
  const value = parseJson(line);
  const parsed = answer.safeParse(value);
  if (parsed.success) return parsed.data.meta;
  throw new AppError(
    'AnswerInvalid',
    unexplained.safeParse(value).success
      ? 'the server explains no queries (is it older than this command?)'
      : 'the server explains the query in a way that this command does not understand',
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
