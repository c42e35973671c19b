/**
 * What kind of value an expression has, as far as the translation has to know: several functions of the service mean
 * different things for arrays, maps and times. Names are those of the service; whole numbers of every width are `bigint`.
 */
import { isNode, nodesOf, textOf, type SqlNode } from './tree.ts';

export interface Kind {
  readonly name: string;
  /** Of an array its elements, of a map its keys and values, of a row its fields. */
  readonly items: readonly Kind[];
  /** Of a row: the fields' names. */
  readonly fields?: readonly string[];
}

export const UNKNOWN: Kind = plain('unknown');
export const BIGINT: Kind = plain('bigint');
export const DOUBLE: Kind = plain('double');
export const VARCHAR: Kind = plain('varchar');
export const BOOLEAN: Kind = plain('boolean');
export const TIMESTAMP: Kind = plain('timestamp');
export const ZONED: Kind = plain('timestamp with time zone');
export const DATE: Kind = plain('date');
export const INTERVAL: Kind = plain('interval');
export const JSON_KIND: Kind = plain('json');
const VARBINARY = plain('varbinary');

function plain(name: string): Kind {
  return { name, items: [] };
}

export function arrayOf(item: Kind): Kind {
  return { name: 'array', items: [item] };
}

export function mapOf(key: Kind, value: Kind): Kind {
  return { name: 'map', items: [key, value] };
}

export function rowOf(fields: readonly string[], items: readonly Kind[]): Kind {
  return { name: 'row', items, fields };
}

/** The kind as the service writes it: `map(varchar,bigint)`. */
export function kindText({ name, items }: Kind): string {
  return items.length === 0 ? name : `${name}(${items.map(kindText).join(',')})`;
}

export function isNumber(kind: Kind): boolean {
  return kind.name === 'bigint' || kind.name === 'double';
}

export function isTime(kind: Kind): boolean {
  return kind === TIMESTAMP || kind === ZONED || kind === DATE;
}

/** The element of an array, the value of a map. */
export function itemOf(kind: Kind): Kind {
  return kind.items.at(-1) ?? UNKNOWN;
}

/** One kind for values that come from several places. */
export function commonKind(kinds: readonly Kind[]): Kind {
  const known = kinds.filter((kind) => kind !== UNKNOWN);
  const [first] = known;
  if (first === undefined) return UNKNOWN;
  if (known.every((kind) => kindText(kind) === kindText(first))) return first;
  return known.every(isNumber) ? DOUBLE : UNKNOWN;
}

const TYPE_KINDS: Readonly<Record<string, Kind>> = {
  ...Object.fromEntries(
    'BIGINT INTEGER SMALLINT TINYINT HUGEINT INTEGER_LITERAL'
      .split(' ')
      .map((name) => [name, BIGINT]),
  ),
  DOUBLE,
  FLOAT: DOUBLE,
  DECIMAL: DOUBLE,
  VARCHAR,
  STRING_LITERAL: VARCHAR,
  BOOLEAN,
  TIMESTAMP,
  'TIMESTAMP WITH TIME ZONE': ZONED,
  DATE,
  INTERVAL,
  BLOB: VARBINARY,
  JSON: JSON_KIND,
};

/** The kind of a type in the tree. */
export function kindOfType(type: SqlNode): Kind {
  const id = textOf(type, 'id');
  const info = isNode(type['type_info']) ? type['type_info'] : {};
  const child = isNode(info['child_type']) ? kindOfType(info['child_type']) : UNKNOWN;
  switch (id) {
    case 'LIST':
      return arrayOf(child);
    case 'MAP':
      return mapOf(child.items[0] ?? UNKNOWN, child.items[1] ?? UNKNOWN);
    case 'STRUCT': {
      const members = nodesOf(info, 'child_types');
      const kinds = members.map((member) =>
        isNode(member['second']) ? kindOfType(member['second']) : UNKNOWN,
      );
      return rowOf(
        members.map((member) => textOf(member, 'first')),
        kinds,
      );
    }
    case 'UNBOUND':
      return TYPE_KINDS[textOf(info, 'name').toUpperCase()] ?? UNKNOWN;
    default:
      return Object.hasOwn(TYPE_KINDS, id) ? (TYPE_KINDS[id] ?? UNKNOWN) : UNKNOWN;
  }
}

const RESULTS: readonly (readonly [Kind, string])[] = [
  [
    BIGINT,
    `count count_star count_if approx_distinct length strpos position codepoint levenshtein_distance
    hamming_distance regexp_count year quarter month day day_of_month hour minute second day_of_week dow
    day_of_year doy week week_of_year year_of_week yow timezone_hour timezone_minute date_diff date_part
    width_bucket bit_count bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift
    bitwise_right_shift bitwise_right_shift_arithmetic bitwise_and_agg bitwise_or_agg json_array_length
    json_size cardinality array_position url_extract_port row_number rank dense_rank rank_dense ntile
    from_base from_big_endian_64 grouping window_funnel st_coorddim st_dimension st_numpoints
    st_numinteriorring security_check_ip security_check_domain security_check_url`,
  ],
  [
    DOUBLE,
    `avg stddev stddev_samp stddev_pop variance var_samp var_pop covar_pop covar_samp corr regr_slope
    regr_intercept geometric_mean kurtosis skewness sqrt cbrt exp ln log log2 log10 power pow pi e rand
    sin cos tan asin acos atan atan2 cosh sinh tanh degrees radians infinity nan to_unixtime percent_rank
    cume_dist cosine_similarity st_area st_distance st_length st_x st_y st_xmax st_xmin st_ymax st_ymin`,
  ],
  [
    VARCHAR,
    `chr lower upper trim ltrim rtrim lpad rpad replace split_part substr substring normalize
    from_utf8 regexp_extract regexp_replace to_iso8601 date_format json_extract_scalar json_format
    array_join url_extract_protocol url_extract_host url_extract_path url_extract_query
    url_extract_fragment url_extract_parameter url_encode url_decode to_hex to_base64 to_base64url to_base
    current_timezone ip_prefix ip_subnet_min ip_subnet_max ip_to_domain ip_to_country ip_to_province
    ip_to_city ip_to_provider typeof geohash json_array_get ip_to_country_code ip_to_geo ip_to_city_geo
    ipv6_to_country ipv6_to_country_code ipv6_to_province ipv6_to_city ipv6_to_provider ipv6_to_domain
    mobile_province mobile_city mobile_carrier st_astext st_geometryfromtext st_linefromtext st_polygon
    st_point st_boundary st_buffer st_difference st_envelope st_exteriorring st_intersection
    st_symdifference st_union st_centroid st_startpoint st_endpoint`,
  ],
  [
    BOOLEAN,
    `bool_and bool_or every starts_with ends_with regexp_like is_nan is_finite is_infinite contains
    json_array_contains is_subnet_of is_prefix_subnet_of any_match all_match none_match ~~ !~~ ~~~ ~~* !~~*
    like_escape not_like_escape st_contains st_crosses st_disjoint st_equals st_intersects st_overlaps
    st_relate st_touches st_within st_isclosed st_isempty st_isring`,
  ],
  [TIMESTAMP, 'date_trunc date_add date_parse localtimestamp'],
  [ZONED, 'now current_timestamp from_iso8601_timestamp'],
  [DATE, 'date last_day_of_month from_iso8601_date current_date'],
  [
    INTERVAL,
    'to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds',
  ],
  [
    VARBINARY,
    `to_utf8 from_hex from_base64 from_base64url md5 sha1 sha256 sha512 to_big_endian_64 xxhash64
    hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 checksum approx_set merge empty_approx_set`,
  ],
  [JSON_KIND, 'json_extract json_parse'],
  [arrayOf(VARCHAR), 'split regexp_extract_all regexp_split ip_subnet_range'],
  [mapOf(VARCHAR, VARCHAR), 'split_to_map'],
  [mapOf(DOUBLE, DOUBLE), 'numeric_histogram'],
];

const RESULT_KINDS: ReadonlyMap<string, Kind> = new Map(
  RESULTS.flatMap(([kind, names]) => names.split(/\s+/).map((name) => [name, kind] as const)),
);

/** Functions whose result is like their first argument. */
const LIKE_FIRST: ReadonlySet<string> = new Set(
  `arbitrary any_value sum abs sign ceil ceiling floor round truncate trunc mod reverse lag lead first_value
  last_value nth_value array_distinct array_except array_intersect array_union array_remove array_sort
  slice shuffle filter map_concat map_filter map_union set_union array_transpose nullif first last`.split(
    /\s+/,
  ),
);

type KindRule = (first: Kind, second: Kind, kinds: readonly Kind[]) => Kind;

const RULES: Readonly<Record<string, KindRule>> = {
  concat: (first) => (first.name === 'array' ? first : VARCHAR),
  approx_percentile: (first, _, kinds) => (kinds.at(-1)?.name === 'array' ? arrayOf(first) : first),
  min: (first, _, kinds) => (kinds.length > 1 ? arrayOf(first) : first),
  max: (first, _, kinds) => (kinds.length > 1 ? arrayOf(first) : first),
  min_by: (first, _, kinds) => (kinds.length > 2 ? arrayOf(first) : first),
  max_by: (first, _, kinds) => (kinds.length > 2 ? arrayOf(first) : first),
  coalesce: (_first, _second, kinds) => commonKind(kinds),
  greatest: (_first, _second, kinds) => commonKind(kinds),
  least: (_first, _second, kinds) => commonKind(kinds),
  '||': (_first, _second, kinds) => commonKind(kinds),
  from_unixtime: (_first, _second, kinds) => (kinds.length > 1 ? ZONED : TIMESTAMP),
  random: (_first, _second, kinds) => (kinds.length > 0 ? BIGINT : DOUBLE),
  array_agg: arrayOf,
  set_agg: arrayOf,
  sequence: arrayOf,
  map_keys: (first) => arrayOf(first.items[0] ?? UNKNOWN),
  map_values: (first) => arrayOf(first.items[1] ?? UNKNOWN),
  array_max: itemOf,
  array_min: itemOf,
  array_sum: itemOf,
  flatten: itemOf,
  element_at: itemOf,
  histogram: (first) => mapOf(first, BIGINT),
  map: (first, second) => mapOf(itemOf(first), itemOf(second)),
  map_agg: mapOf,
  multimap_agg: (first, second) => mapOf(first, arrayOf(second)),
  map_from_entries: (first) => {
    const [key = UNKNOWN, value = UNKNOWN] = itemOf(first).items;
    return mapOf(key, value);
  },
  map_entries: (first) => arrayOf(rowOf(['key', 'value'], first.items)),
  zip: (_first, _second, kinds) => arrayOf(rowOf([], kinds.map(itemOf))),
  row: (_first, _second, kinds) => rowOf([], kinds),
};

/** The kind of a call, from the kinds of its arguments. */
export function callKind(name: string, kinds: readonly Kind[]): Kind {
  const [first = UNKNOWN, second = UNKNOWN] = kinds;
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  if (rule !== undefined) return rule(first, second, kinds);
  if (LIKE_FIRST.has(name)) return first;
  const fixed = RESULT_KINDS.get(name);
  // `to_days('36h')` of a user is a double; the parser writes `to_days(1)` for an interval.
  if (fixed === INTERVAL && !isNumber(first)) return DOUBLE;
  return fixed ?? (/^[-+*/%]$/u.test(name) ? arithmeticKind(name, kinds) : UNKNOWN);
}

function arithmeticKind(name: string, kinds: readonly Kind[]): Kind {
  const [first = UNKNOWN, second = first] = kinds;
  if (second === INTERVAL && isTime(first)) return first;
  if (first === INTERVAL && isTime(second) && name === '+') return second;
  if (isNumber(first) && isNumber(second)) return commonKind([first, second]);
  return first === INTERVAL || second === INTERVAL ? INTERVAL : UNKNOWN;
}
