/** What `sluice explain` prints: sections of aligned lines, the steps with bars. */
import type {
  ExplainKinds,
  ExplainLookup,
  ExplainNode,
  ExplainOperator,
  ExplainReads,
  ExplainSql,
  ExplainStep,
  QueryExplain,
} from '#protocol/query-explain.ts';
import type { ExplainAnswer } from './explain-answer.ts';
import { bytesText, countText, plainText } from './text.ts';

/** What was asked. */
export interface ExplainPlace {
  readonly projectName: string;
  readonly logstoreName: string;
  readonly query: string;
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
}

const BOLD = '\u001B[1m';
const PLAIN = '\u001B[0m';

/** Characters of the bars of the steps. */
const BAR_WIDTH = 40;
/** Fields, terms and columns that are named on one line. */
const NAMES_MAX = 6;
/** Characters of a label in a tree; longer ones would push the figures off the screen. */
const LABEL_MAX = 60;
/** Characters of what an operator does, which comes last. */
const DETAIL_MAX = 120;

/** A line of a table: texts first, then figures. */
type Line = readonly string[];

/** Ends with a line end. No colour without a terminal. */
export function explainReport(
  answer: ExplainAnswer,
  place: ExplainPlace,
  isTerminal: boolean,
): string {
  const { explain } = answer;
  const sections: [title: string, lines: readonly string[]][] = [];
  if (explain.search !== undefined) sections.push(['Search', searchLines(explain.search)]);
  sections.push(['Segments', segmentLines(explain)], ['Read', readLines(explain)]);
  if (explain.sql !== undefined) sections.push(...sqlSections(explain.sql));
  sections.push(['Steps', stepLines(explain.steps, explain.totals.durationMs)]);
  const head = [
    plainText(place.query),
    `${place.projectName}/${place.logstoreName}, ${timeText(place.fromTime)} to ${timeText(place.toTime)}`,
    answerText(answer),
  ];
  const bold = (title: string): string => (isTerminal ? `${BOLD}${title}${PLAIN}` : title);
  const bodies = sections.map(([title, lines]) => [
    bold(title),
    ...lines.map((line) => `  ${line}`),
  ]);
  return `${[head, ...bodies].map((lines) => lines.map(trimEnd).join('\n')).join('\n\n')}\n`;
}

function answerText({ progress, count, isAccurate, explain }: ExplainAnswer): string {
  const exact = isAccurate ? '' : ', not exact';
  return `${progress}${exact}: ${countText(count, 'row')} in ${msText(explain.totals.durationMs)}`;
}

function searchLines(root: ExplainNode): string[] {
  const lines: Line[] = [['', '', 'rows', 'segments', 'time']];
  walk(
    root,
    ({ operands }) => operands,
    (node, branch) => {
      const { label, lookups, rows, segments, durationMs } = node;
      const figures = [countOf(rows), countOf(segments), msText(durationMs)];
      lines.push([`${branch}${shown(label)}`, lookupsText(lookups), ...figures]);
    },
  );
  return table(lines, 2);
}

/** `disk, full in msg; 7 in the full text and 2 fields`. */
function lookupsText(lookups: readonly ExplainLookup[]): string {
  const texts = lookups.slice(0, NAMES_MAX).map(({ terms, fields, fieldCount }) => {
    const named = fieldsText(fields, fieldCount);
    return terms.length === 0 ? named : `${listText(terms, terms.length)} in ${named}`;
  });
  return plainText([...texts, ...(lookups.length > NAMES_MAX ? ['…'] : [])].join('; '));
}

function fieldsText(fields: readonly string[], fieldCount: number): string {
  const own = fields.filter((field) => field !== '');
  if (own.length === fields.length) return listText(own, fieldCount);
  return own.length === 0
    ? 'the full text'
    : `the full text and ${countText(fieldCount - 1, 'field')}`;
}

function segmentLines({ segments, rows }: QueryExplain): string[] {
  const { total, pruned, skipped, matched, unmatched } = segments;
  const lines: Line[] = [
    ['total', countOf(sumOf(total)), kindsText(total)],
    ['pruned by time', countOf(sumOf(pruned)), kindsText(pruned)],
    ['not needed', countOf(sumOf(skipped)), kindsText(skipped)],
    ['without a match', countOf(sumOf(unmatched)), kindsText(unmatched)],
    ['with matches', countOf(sumOf(matched)), kindsText(matched)],
  ];
  const found = `${countOf(rows.matched)} of ${countText(rows.scanned, 'row')} of the time range match`;
  return [...table(lines, 1, [2]), found];
}

function readLines({ index, rows, caches }: QueryExplain): string[] {
  const { rowSets, parts } = caches;
  const lists = countText(index.postingLists, 'posting list');
  const lines: Line[] = [
    [
      'words',
      `${countText(index.termLookups, 'lookup')}, ${lists} with ${countText(index.postingRows, 'row')}`,
    ],
    ['index', `${blocksText(Object.values(index.blocks))}, ${bytesText(index.bytesRead)}`],
    [
      'logs',
      `${countText(rows.fetched, 'row')} fetched, pages: ${blocksText([rows.pages])}, ${bytesText(rows.bytesRead)}`,
    ],
  ];
  if (rowSets.hits + rowSets.misses > 0) lines.push(['kept matches', hitsText(rowSets)]);
  if (parts.hits + parts.misses > 0) lines.push(['kept parts', hitsText(parts)]);
  return table(lines, 2);
}

function blocksText(all: readonly ExplainReads[]): string {
  const read = all.reduce((sum, blocks) => sum + blocks.read, 0);
  const cached = all.reduce((sum, blocks) => sum + blocks.cached, 0);
  return `${countOf(read)} read, ${countOf(cached)} from memory`;
}

function hitsText({ hits, misses }: { readonly hits: number; readonly misses: number }): string {
  return `${countOf(hits)} of ${countText(hits + misses, 'segment')}`;
}

const WAYS: Readonly<Record<string, string>> = {
  index: 'from the index alone',
  kept: 'from parts that were kept, and the rows that no part has',
  rows: 'from the rows',
  count: 'the number of logs, from the index',
  times: 'the times of the logs, from the index',
};

function sqlSections(sql: ExplainSql): [string, readonly string[]][] {
  const relations: Line[] = sql.relations.map((relation) => {
    const { view, logstoreName, fromTime, toTime, shiftSeconds, columns } = relation;
    const shift = shiftSeconds === 0 ? '' : `, ${countText(shiftSeconds, 'second')} earlier`;
    const read = columns.length === 0 ? 'no columns' : listText(columns, columns.length);
    const figures = `${countText(relation.rows, 'row')} of ${countText(relation.segments, 'segment')}`;
    const range = `${timeText(fromTime)} to ${timeText(toTime)}${shift}`;
    return [view, plainText(logstoreName), range, figures, plainText(read)];
  });
  const parts = sql.parts.map(({ view, way, hits, misses, rest }) => {
    const kept = `${countOf(hits)} kept, ${countOf(misses)} made, ${countText(rest, 'segment')} read`;
    return `${view}: ${way === 'kept' ? kept : (WAYS[way] ?? way)}`;
  });
  const sections: [string, readonly string[]][] = [
    ['Statement', [`answered ${WAYS[sql.way] ?? sql.way}`, ...parts, ...table(relations, 5)]],
    ['Sent to DuckDB', sqlLines(sql.sent)],
  ];
  for (const { name, select } of sql.views) sections.push([`View ${name}`, sqlLines(select)]);
  if (sql.profile !== undefined) {
    const { durationMs, rowsScanned, root } = sql.profile;
    const title = `DuckDB, in a second run: ${msText(durationMs)}, ${countText(rowsScanned, 'row')} scanned`;
    sections.push([title, operatorLines(root)]);
  }
  return sections;
}

/** Line by line, as it was sent. */
function sqlLines(sql: string): string[] {
  return sql.split('\n').map(plainText);
}

function operatorLines(root: ExplainOperator): string[] {
  const lines: Line[] = [['', 'rows', 'scanned', 'time', '']];
  walk(
    root,
    ({ children }) => children,
    (operator, branch) => {
      const { name, detail, rows, rowsScanned, durationMs } = operator;
      const scanned = rowsScanned === 0 ? '' : countOf(rowsScanned);
      const figures = [countOf(rows), scanned, msText(durationMs)];
      lines.push([`${branch}${shown(name)}`, ...figures, shown(detail, DETAIL_MAX)]);
    },
  );
  return table(lines, 1, [4]);
}

const STEPS: Readonly<Record<string, string>> = {
  queue: 'wait for a slot',
  start: 'start the query process',
  translate: 'translate the statement',
  segments: 'index and open segments',
  match: 'match rows',
  fetch: 'fetch logs',
  plan: 'look for kept parts',
  answer: 'answer in DuckDB',
  profile: 'measure in DuckDB',
  encode: 'encode the answer',
};

function stepLines(steps: readonly ExplainStep[], totalMs: number): string[] {
  const lines = steps.map(({ name, startMs, durationMs }): Line => {
    const share = totalMs === 0 ? 0 : durationMs / totalMs;
    const start = totalMs === 0 ? 0 : Math.floor((startMs / totalMs) * (BAR_WIDTH - 1));
    const width = Math.min(BAR_WIDTH - start, Math.round(share * BAR_WIDTH));
    const bar = `${' '.repeat(start)}${width === 0 ? '▏' : '█'.repeat(width)}`;
    return [
      plainText(STEPS[name] ?? name),
      msText(durationMs),
      `${Math.round(share * 100)} %`,
      bar,
    ];
  });
  return table([...lines, ['total', msText(totalMs), '', '']], 1, [3]);
}

/** Each node with the branches that lead to it. */
function walk<T>(
  root: T,
  childrenOf: (node: T) => readonly T[],
  visit: (node: T, branch: string) => void,
): void {
  const go = (node: T, branch: string, below: string): void => {
    visit(node, branch);
    const children = childrenOf(node);
    for (const [i, child] of children.entries()) {
      const isLast = i === children.length - 1;
      go(child, `${below}${isLast ? '└ ' : '├ '}`, `${below}${isLast ? '  ' : '│ '}`);
    }
  };
  go(root, '', '');
}

/** The first `textCount` columns and those of `texts` stand left, figures right. */
function table(lines: readonly Line[], textCount: number, texts: readonly number[] = []): string[] {
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...lines.map((line) => line[i]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((cell, i) =>
        i < textCount || texts.includes(i)
          ? cell.padEnd(widths[i] ?? 0)
          : cell.padStart(widths[i] ?? 0),
      )
      .join('  '),
  );
}

function listText(names: readonly string[], count: number): string {
  const more = count - Math.min(NAMES_MAX, names.length);
  const named = names.slice(0, NAMES_MAX).join(', ');
  return more > 0 ? `${named} and ${countOf(more)} more` : named;
}

function shown(text: string, charactersMax: number = LABEL_MAX): string {
  const plain = plainText(text);
  return plain.length <= charactersMax ? plain : `${plain.slice(0, charactersMax - 1)}…`;
}

function sumOf({ committed, sealed }: ExplainKinds): number {
  return committed + sealed;
}

function kindsText({ committed, sealed }: ExplainKinds): string {
  return sealed === 0 ? '' : `${countOf(committed)} committed, ${countOf(sealed)} sealed`;
}

function countOf(count: number): string {
  return count.toLocaleString('en-US');
}

function msText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

function timeText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? '-' : `${time.toISOString().slice(0, 19)}Z`;
}

function trimEnd(line: string): string {
  return line.trimEnd();
}
