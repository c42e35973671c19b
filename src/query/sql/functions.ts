/** Names that a user's SQL may use (sls-query §3.8). What is not here does not run, whatever DuckDB knows. */

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

const AGGREGATES = words(`
  count count_star count_if sum avg min max max_by min_by arbitrary any_value bool_and every bool_or
  bitwise_and_agg bitwise_or_agg geometric_mean kurtosis skewness stddev stddev_samp stddev_pop variance
  var_samp var_pop covar_pop covar_samp corr regr_slope regr_intercept array_agg histogram map_agg
  multimap_agg set_agg approx_distinct approx_percentile
`);

const PLAIN = words(`
  chr codepoint concat length lower upper trim ltrim rtrim lpad rpad position strpos replace reverse split
  split_part split_to_map substr substring levenshtein_distance hamming_distance normalize to_utf8 from_utf8
  starts_with ends_with
  regexp_like regexp_extract regexp_extract_all regexp_replace regexp_split regexp_count
  now current_timezone from_unixtime to_unixtime from_iso8601_timestamp from_iso8601_date to_iso8601 date
  date_format date_parse date_trunc date_add date_diff date_part year quarter month day day_of_month hour
  minute second day_of_week dow day_of_year doy week week_of_year year_of_week yow last_day_of_month
  timezone_hour timezone_minute
  to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds
  abs sign sqrt cbrt exp ln log log2 log10 power pow pi e ceil ceiling floor round truncate mod rand random
  sin cos tan asin acos atan atan2 cosh sinh tanh degrees radians is_nan is_finite is_infinite infinity nan
  to_base from_base width_bucket greatest least bit_count bitwise_and bitwise_or bitwise_xor bitwise_not
  bitwise_right_shift bitwise_right_shift_arithmetic
  json_extract json_extract_scalar json_parse json_format json_array_contains json_array_get
  json_array_length json_size
  cardinality element_at contains array_distinct array_except array_intersect array_union array_join
  array_max array_min array_sum array_position array_remove array_sort array_transpose flatten sequence
  shuffle slice zip filter transform any_match all_match none_match
  trunc map map_keys map_values map_entries map_from_entries map_concat
  url_extract_protocol url_extract_host url_extract_port url_extract_path url_extract_query
  url_extract_fragment url_extract_parameter url_encode url_decode
  to_hex from_hex to_base64 from_base64 to_base64url from_base64url md5 sha1 sha256 to_big_endian_64
  from_big_endian_64
  ip_prefix ip_subnet_min ip_subnet_max ip_subnet_range is_subnet_of is_prefix_subnet_of ip_to_domain
  coalesce nullif if try row list_value struct_pack array_extract unnest
`);

const WINDOW = words(`
  row_number rank rank_dense dense_rank ntile percent_rank cume_dist lag lead first_value last_value
  nth_value first last
`);

/** As the parser names them. */
const OPERATORS = words('+ - * / % || ~~ !~~ ~~~ ~~* !~~* like_escape not_like_escape');

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...AGGREGATES,
  ...PLAIN,
  ...WINDOW,
  ...OPERATORS,
]);

/** Types of a cast that the parser leaves as names. */
export const ALLOWED_TYPES: ReadonlySet<string> = new Set(
  words(`
    bigint integer int smallint tinyint double real float decimal numeric varchar char text string boolean
    bool date time timestamp timestamptz json varbinary blob hugeint interval map row struct list
  `),
);

/** Column names that DuckDB answers itself when no column has them, with facts about the server. */
export const SERVER_NAMES: ReadonlySet<string> = new Set(
  words(
    'current_user user session_user current_role current_catalog current_database current_schema',
  ),
);
