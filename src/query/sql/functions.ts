/** Names that a user's SQL may use. What is not here does not run, whatever DuckDB knows. */
import { CATALOGUE } from './catalogue/catalogue.ts';

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** What the parser makes of syntax: operators, literals, `extract`, intervals. */
export const SYNTAX_FUNCTIONS: ReadonlySet<string> = new Set(
  words(`
  + - * / % || ~~ !~~ ~~~ ~~* !~~* like_escape not_like_escape
  count_star date_part trunc list_value struct_pack array_extract rank_dense first last
  to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds
`),
);

/** Families of the catalogue whose functions are aggregates. */
const AGGREGATE_TITLES: ReadonlySet<string> = new Set(['Aggregates', 'Approximate aggregates']);

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...SYNTAX_FUNCTIONS,
  ...CATALOGUE.flatMap(({ entries }) => entries.flatMap(({ names }) => names)),
]);

/** Functions that no one runs: rewrites put something else in their place. */
export const REWRITTEN_FUNCTIONS: ReadonlySet<string> = new Set(
  words(`
    compare ts_compare log_reduce compare_log_reduce time_series histogram_u numeric_histogram_u typeof
    reduce zip_with map_filter
    transform_values transform_keys map_zip_with filter transform any_match all_match none_match
  `),
);

/** What makes one value of several rows. */
export const AGGREGATE_FUNCTIONS: ReadonlySet<string> = new Set([
  'count_star',
  ...CATALOGUE.filter(({ title }) => AGGREGATE_TITLES.has(title)).flatMap(({ entries }) =>
    entries.flatMap(({ names }) => names),
  ),
]);

/** Functions of the service that this one does not have, and why. */
export const UNPLANNED_FUNCTIONS: Readonly<Record<string, string>> = Object.fromEntries([
  ...words(`
    ts_predicate_simple ts_predicate_ar ts_predicate_arma ts_predicate_arima ts_predicate_aneba
    ts_regression_predict ts_anomaly_filter ts_decompose ts_density_cluster ts_hierarchical_cluster
    ts_similar_instance ts_smooth_simple ts_smooth_fir ts_smooth_iir ts_period_detect
    ts_period_classify ts_cp_detect ts_breakout_detect ts_find_peaks pattern_stat diff_pattern_stat
    rca_kpi_search url_classify
  `).map((name) => [name, 'machine learning is not planned']),
  ...words('bar color render rgb').map((name) => [name, 'colours of a terminal are not planned']),
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
  words('current_user session_user current_role current_catalog current_database current_schema'),
);
