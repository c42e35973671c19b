/**
 * Pieces of SQL that rewrites put into a tree. They are written as SQL and parsed by DuckDB once for each process; a
 * column `sls_…` in one is a slot for a node.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { SQL_NODES_MAX } from '../limits.ts';
import { isNode, nodesOf, parseSql, textOf, type SqlNode, type SqlValue } from './tree.ts';

/** A value with its type, written for UNION in templates. */
const UNION = `CAST(sls_x AS UNION(i INTEGER, b BIGINT, h HUGEINT, d DOUBLE, dt DATE,
  t TIMESTAMP, z TIMESTAMPTZ, s VARCHAR))`;

const EXPRESSIONS = {
  // sls-query §3.6: the type is known only when the engine binds, and a macro cannot choose by type when its
  // argument holds an aggregate; a cast to a union and a CASE over its tag can.
  time: `CASE union_tag(UNION)
    WHEN 't' THEN union_extract(UNION, 't')
    WHEN 'z' THEN union_extract(UNION, 'z')::TIMESTAMP
    WHEN 'dt' THEN union_extract(UNION, 'dt')::TIMESTAMP
    WHEN 'i' THEN to_timestamp(union_extract(UNION, 'i'))::TIMESTAMP
    WHEN 'b' THEN to_timestamp(union_extract(UNION, 'b'))::TIMESTAMP
    WHEN 'h' THEN to_timestamp(union_extract(UNION, 'h')::DOUBLE)::TIMESTAMP
    WHEN 'd' THEN to_timestamp(union_extract(UNION, 'd'))::TIMESTAMP
    WHEN 's' THEN CAST(union_extract(UNION, 's') AS TIMESTAMPTZ)::TIMESTAMP END`,
  timeOfSeconds: 'sls_seconds(CAST(sls_x AS BIGINT))',
  truncatedSeconds: 'sls_trunc(CAST(sls_x AS BIGINT), sls_n)',
  timeOfDouble: 'CAST(to_timestamp(sls_x) AS TIMESTAMP)',
  timeOfText: 'CAST(CAST(sls_x AS TIMESTAMPTZ) AS TIMESTAMP)',
  localSeconds: 'CAST(floor(epoch(sls_x)) AS BIGINT)',
  bucket: 'sls_x - sls_x % sls_w',
  bucketLabel: 'strftime(make_timestamp(sls_x * 1000000), sls_f)',
  unixSeconds: 'epoch(CAST(sls_x AS TIMESTAMPTZ))',
  earlier: 'epoch(CAST(sls_x AS TIMESTAMPTZ)) - sls_n',
  rounded: 'round(sls_x)',
  whole: 'CAST(sls_x AS BIGINT)',
  double: 'CAST(sls_x AS DOUBLE)',
  date: 'CAST(sls_x AS DATE)',
  ratio: 'CASE WHEN sls_b <> 0 THEN CAST(sls_a AS DOUBLE) / CAST(sls_b AS DOUBLE) END',
  randomBelow: 'CAST(floor(random() * sls_n) AS BIGINT)',
  // The names that DuckDB has for types; an array of arrays is as deep as it goes.
  typeName: `replace(replace(NAME(NAME(NAME(NAME(NAME(lower(typeof(sls_x)),
    '(tiny|small|huge|big)?int(eger)?', 'bigint', 'g'), '(decimal\\([0-9, ]*\\)|float)', 'double', 'g'),
    '^(.*)\\[\\]$', 'array(\\1)', 'g'), '^array\\((.*)\\[\\]\\)$', 'array(array(\\1))', 'g'),
    '^struct\\(', 'row(', 'g'), 'blob', 'varbinary'), '"null"', 'unknown')`,
  same: 'sls_a IS NOT DISTINCT FROM sls_b',
  both: 'sls_a AND sls_b',
  always: '1 = 1',
  oneWhen: 'CASE WHEN sls_x THEN 1 END',
  // Lambda expressions: the slots sls_f and sls_g are whole lambdas, sls_body what is right of an arrow.
  pairs: 'list_transform(list_zip(sls_a, sls_b), sls_f)',
  fieldAt: 'sls_x[sls_n]',
  entryKey: 'sls_x.key',
  filterMap: 'map_from_entries(list_filter(map_entries(sls_a), sls_f))',
  transformValues:
    'map_from_entries(list_transform(map_entries(sls_a), sls_e -> struct_pack(k := sls_e.key, v := sls_body)))',
  transformKeys:
    'map_from_entries(list_transform(map_entries(sls_a), sls_e -> struct_pack(k := sls_body, v := sls_e.value)))',
  zipMaps: `map_from_entries(list_transform(array_union(map_keys(sls_a), map_keys(sls_b)),
    sls_k -> struct_pack(k := sls_k, v := sls_body)))`,
  fold: `list_transform(list_value(list_reduce(
    list_transform(sls_a, sls_x0 -> struct_pack(s := sls_init, x := sls_x0)),
    (sls_p, sls_q) -> struct_pack(s := sls_body, x := sls_q.x),
    struct_pack(s := sls_init, x := NULL)).s), sls_f)[1]`,
  sortBy: `list_transform(list_sort(list_transform(CASE WHEN len(sls_a) <= 1000 THEN sls_a
      ELSE error('array_sort with a comparison takes at most 1000 elements') END, (sls_v, sls_i) -> struct_pack(
    r := len(list_filter(sls_a, sls_w0 -> sls_body < 0)), i := sls_i, v := sls_v))), sls_z -> sls_z.v)`,
  localOfUnix: 'CAST(floor(epoch(CAST(to_timestamp(sls_x) AS TIMESTAMP))) AS BIGINT)',
  previousValue:
    'last_value(sls_x IGNORE NULLS) OVER (ORDER BY sls_b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
  nextValue:
    'first_value(sls_x IGNORE NULLS) OVER (ORDER BY sls_b ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)',
  mean: '(CAST(sls_a AS DOUBLE) + CAST(sls_b AS DOUBLE)) / 2',
  padWith: 'CASE WHEN sls_series.sls_bucket IS NULL THEN sls_p ELSE sls_x END',
  padZero: 'CASE WHEN sls_series.sls_bucket IS NULL THEN 0 ELSE sls_x END',
  padText: "CASE WHEN sls_series.sls_bucket IS NULL THEN '0' ELSE sls_x END",
  keysOf: 'map_keys(sls_x)',
  valuesOf: 'map_values(sls_x)',
  unnest: 'unnest(sls_x)',
  fieldsAt: 'list_transform(sls_x, sls_e -> struct_extract_at(sls_e, sls_n))',
  ordinality: 'unnest(generate_series(1, sls_n))',
} as const;

/** The relation that has the buckets of `time_series` with rows. */
export const SERIES = 'sls_series';

/** The window of a row, and the function that makes it: local seconds of its beginning. */
export const BUCKET = 'sls_bucket';

export type TemplateName = keyof typeof EXPRESSIONS;
export type Slots = Readonly<Record<string, SqlNode>>;

export class Templates {
  readonly #nodes: ReadonlyMap<string, SqlNode>;
  /** Nodes that may still be copied for this statement: fills within fills multiply. */
  #nodesLeft = SQL_NODES_MAX;
  #serial = 0;

  constructor(nodes: ReadonlyMap<string, SqlNode>) {
    this.#nodes = nodes;
  }

  /** A number that no other fill of the statement has; it makes names of lambda parameters unique. */
  nextSerial(): number {
    return this.#serial++;
  }

  /** A copy of the piece with the slots filled. Errors: ParameterInvalid when the statement grows too large. */
  fill(name: TemplateName, slots: Slots, serial: number = this.nextSerial()): SqlNode {
    return this.#copy(must(this.#nodes.get(name), 'template'), slots, serial) as SqlNode;
  }

  copy(node: SqlNode): SqlNode {
    return this.#copy(node, {}, undefined) as SqlNode;
  }

  #copy(value: SqlValue, slots: Slots, serial: number | undefined): SqlValue {
    if (Array.isArray(value)) return value.map((item) => this.#copy(item, slots, serial));
    if (!isNode(value)) return value;
    if (--this.#nodesLeft < 0) throw new AppError('ParameterInvalid', 'statement is too large');
    if (serial !== undefined && value['class'] === 'COLUMN_REF') {
      const [head = '', ...fields] = value['column_names'] as string[];
      const slot = slots[head];
      const filled =
        slot === undefined
          ? parameter(head, fields, serial)
          : fields.reduce(extract, this.copy(slot));
      return { ...filled, alias: value['alias'] ?? '' };
    }
    return Object.fromEntries(
      Object.entries(value).map(([member, child]) => [member, this.#copy(child, slots, serial)]),
    );
  }
}

/** A name in a template that is no slot: a lambda parameter, or the relation of `time_series`. */
function parameter(head: string, fields: readonly string[], serial: number): SqlNode {
  const name = head === SERIES ? head : `${head}_${serial}`;
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: [name, ...fields] };
}

function extract(node: SqlNode, field: string): SqlNode {
  const constant = { type: { id: 'VARCHAR', type_info: null }, is_null: false, value: field };
  const name = { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', value: constant };
  return { class: 'OPERATOR', type: 'STRUCT_EXTRACT', alias: '', children: [node, name] };
}

let parsed: ReadonlyMap<string, SqlNode> | undefined;

/** Templates for one statement. */
export async function openTemplates(connection: DuckDBConnection): Promise<Templates> {
  parsed ??= await parseTemplates(connection);
  return new Templates(parsed);
}

async function parseTemplates(connection: DuckDBConnection): Promise<ReadonlyMap<string, SqlNode>> {
  const entries = Object.entries(EXPRESSIONS);
  const answer = await parseSql(
    connection,
    `SELECT ${entries.map(([name, sql]) => `${sql.replaceAll('UNION', UNION).replaceAll('NAME(', 'system.main.regexp_replace(')} AS "${name}"`).join(', ')}`,
  );
  const select = answer.kind === 'tree' ? answer.root['node'] : undefined;
  const nodes = must(
    isNode(select) ? nodesOf(select, 'select_list') : undefined,
    'templates parse',
  );
  return new Map(nodes.map((node) => [textOf(node, 'alias'), { ...node, alias: '' }]));
}
