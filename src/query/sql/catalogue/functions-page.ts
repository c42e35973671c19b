/** The reference of the functions, `docs/reference/sql-functions.md`, from the catalogue. */
import { UNPLANNED_FUNCTIONS } from '../functions.ts';
import { CATALOGUE, type FunctionEntry } from './catalogue.ts';

const INTRODUCTION = `# SQL functions

Written by a test from \`src/query/sql/catalogue/\`, where a change belongs. Names ignore case. A function not listed here is refused by
its name.

Examples show the text of a cell; those of aggregates are over four rows (k, x): (a, 1), (b, 2), (b, 2), (c, 10). Without a note, null in an
argument gives null.

## What differs from the service
- \`approx_distinct\`, \`approx_percentile\`, \`approx_most_frequent\` are exact. Sketches of \`approx_set\` are our own; others cannot be merged with them.
- \`checksum\` has values of its own.
- Regular expressions are those of RE2: no look-around and no back-references, which could take time without end.
- A number divided by zero is null, as is an element beyond the end of an array and a missing key of a map.
- Functions that make arrays or texts have bounds: 10,000 elements from \`sequence\`, \`repeat\` and \`series_padding\`, 65,536 characters from
  \`lpad\`, \`rpad\` and \`replace\`, 1,000 buckets of \`numeric_histogram\`, 32 steps of \`window_funnel\`, 1,000 points of a geometry
  (the sides of those of one call may cross 1,000 times).
- Geometries are texts, as what \`st_\` functions take and as what they give.
- Where addresses and phone numbers are from is in files that the operator supplies ([ip-database.md](../operations/ip-database.md)).
`;

/** Markdown. */
export function functionsPage(): string {
  const families = CATALOGUE.map(
    ({ title, entries }) =>
      `\n## ${title}\n\n| function | meaning | example |\n|---|---|---|\n${entries.map(row).join('')}`,
  );
  const reasons = Map.groupBy(Object.entries(UNPLANNED_FUNCTIONS), ([, reason]) => reason);
  const unplanned = [...reasons].map(
    ([reason, functions]) =>
      `- ${reason}: ${functions.map(([name]) => `\`${name}\``).join(', ')}\n`,
  );
  return `${INTRODUCTION}${families.join('')}\n## Not there\n\n${unplanned.join('')}`;
}

function row({ signatures, meaning, example }: FunctionEntry): string {
  const shown = example === undefined ? '' : `${code(example.sql)} → ${code(example.value)}`;
  return `| ${signatures.map(code).join(', ')} | ${escaped(meaning)} | ${shown} |\n`;
}

function code(text: string): string {
  return text === '' ? '' : `\`${escaped(text)}\``;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
