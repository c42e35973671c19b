import type {
  ExplainKinds,
  ExplainLookup,
  ExplainOperator,
  QueryExplain,
} from '#protocol/query-explain.ts';

/** What a step is for: `wait` has nothing to do with this query, `work` has, `extra` was done for the explanation alone. */
type StepTone = 'wait' | 'work' | 'extra';

const STEPS: Readonly<Record<string, readonly [label: string, tone: StepTone]>> = {
  queue: ['wait for a turn', 'wait'],
  start: ['start the SQL process', 'wait'],
  translate: ['translate the SQL', 'work'],
  segments: ['open segments', 'work'],
  match: ['match', 'work'],
  fetch: ['read logs', 'work'],
  plan: ['look for kept parts', 'work'],
  answer: ['run the SQL', 'work'],
  profile: ['profile: run it again', 'extra'],
  encode: ['write the answer', 'work'],
};

/** A step as a bar on the time of the whole query. */
export interface StepBar {
  readonly label: string;
  readonly tone: StepTone;
  /** Percent of the whole time. */
  readonly start: number;
  readonly width: number;
  readonly durationMs: number;
  readonly isLongest: boolean;
}

/** The steps in order. Steps of a newer server keep their names. */
export function stepBars({ steps, totals }: QueryExplain): readonly StepBar[] {
  const ends = steps.map((step) => step.startMs + step.durationMs);
  const total = Math.max(totals.durationMs, ...ends) || 1;
  const longest = Math.max(...steps.map((step) => step.durationMs));
  return steps.map(({ name, startMs, durationMs }) => {
    const [label, tone] = STEPS[name] ?? [name, 'work'];
    return {
      label,
      tone,
      start: (startMs / total) * 100,
      width: (durationMs / total) * 100,
      durationMs,
      isLongest: durationMs > 0 && durationMs === longest,
    };
  });
}

/** What became of the segments. */
export interface SegmentPart {
  readonly name: 'matched' | 'unmatched' | 'skipped' | 'pruned';
  readonly label: string;
  readonly count: number;
  /** Percent of all segments. */
  readonly share: number;
  /** How many of them are not committed yet. */
  readonly sealed: number;
}

/** What became of all segments, most work first; the shares add up to 100 unless there are no segments. */
export function segmentParts({ segments }: QueryExplain): readonly SegmentPart[] {
  const total = countOf(segments.total);
  const part = (name: SegmentPart['name'], label: string): SegmentPart => {
    const count = countOf(segments[name]);
    const share = total === 0 ? 0 : (count / total) * 100;
    return { name, label, count, share, sealed: segments[name].sealed };
  };
  return [
    part('matched', 'with matches'),
    part('unmatched', 'without matches'),
    part('skipped', 'opened, not needed'),
    part('pruned', 'pruned by time'),
  ];
}

export function countOf(kinds: ExplainKinds): number {
  return kinds.committed + kinds.sealed;
}

/** Blocks of the index by what is in them, those that were wanted at all. */
export function blockReads(
  explain: QueryExplain,
): readonly { readonly name: string; readonly read: number; readonly cached: number }[] {
  return Object.entries(explain.index.blocks)
    .map(([name, reads]) => ({ name, ...reads }))
    .filter(({ read, cached }) => read + cached > 0);
}

const WAYS: Readonly<Record<string, string>> = {
  index: 'the index alone, no row was read',
  kept: 'parts that earlier answers left, and rows',
  rows: 'the rows',
  count: 'counts of the index',
  times: 'times of the index',
};

/** From what the SQL was answered, in words. */
export function wayText(way: string): string {
  return WAYS[way] ?? way;
}

/** An operator with how deep it stands in the plan. */
export interface OperatorLine {
  readonly operator: ExplainOperator;
  readonly depth: number;
}

/** The plan from its root on, a line for each operator. */
export function operatorLines(root: ExplainOperator): readonly OperatorLine[] {
  const lines: OperatorLine[] = [];
  const visit = (operator: ExplainOperator, depth: number): void => {
    lines.push({ operator, depth });
    for (const child of operator.children) visit(child, depth + 1);
  };
  visit(root, 0);
  return lines;
}

/** Where terms were looked for: a field, some fields, the full text and fields. */
export function placesText({ fields, fieldCount }: ExplainLookup): string {
  const hasFullText = fields.includes('');
  const names = fields.filter((name) => name !== '');
  const nameCount = fieldCount - (hasFullText ? 1 : 0);
  const isShort = names.length === nameCount && nameCount <= NAMED_FIELDS_MAX;
  const fieldText = isShort ? names.join(', ') : `${nameCount} fields`;
  if (!hasFullText) return fieldText;
  return nameCount === 0 ? 'the full text' : `the full text and ${fieldText}`;
}

/** More fields than that are counted, not named. */
const NAMED_FIELDS_MAX = 3;
