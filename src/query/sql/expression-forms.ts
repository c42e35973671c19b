/**
 * For tests: expressions as pairs of templates, one in the dialect of the service and one in DuckDB's own SQL. `{long}` and
 * `{text2}` are arguments of that kind, the same one where they are equal; `random-expressions.ts` has what else there is.
 * Without a second template both spellings are alike. Nothing here knows how the service translates.
 */
export type Kind = 'long' | 'double' | 'text' | 'bool' | 'time';

/** Spellings in the dialect and, if it differs, in DuckDB's SQL. */
export type Form = string | readonly [sls: string, duck: string];

const LOCAL = 'make_timestamp(({seconds} + 28800) * 1000000)';
const JSON_TEXT = `CASE WHEN json_valid({json}) AND json_type({json}, '$.a') NOT IN ('OBJECT', 'ARRAY') THEN {json} ->> '$.a' END`;

/** Over one row. */
export const FORMS: Readonly<Record<Kind, readonly Form[]>> = {
  long: [
    '({long} + {long2})',
    '({long} - {long2})',
    '({long} * {digit})',
    ['{long} / {digit}', '({long} // {digit})'],
    ['({long} / {long2})', '({long} // {long2})'],
    ['reduce(array[{long}, {long2}], 0, (s, x) -> s + x, s -> s)', '({long} + {long2})'],
    [
      'cardinality(filter(split({text}, {sign}), x -> length(x) > 1))',
      'len(list_filter(string_split({text}, {sign}), lambda x: length(x) > 1))',
    ],
    ['element_at(map(array[1, 2], array[{long}, {digit}]), 1)', '{long}'],
    ['array_max(array[{long}, {digit}])', 'greatest({long}, {digit})'],
    '({long} % {digit})',
    '(- {long})',
    'abs({long})',
    'length({text})',
    'strpos({text}, {word})',
    ['position({word} in {text})', 'strpos({text}, {word})'],
    'coalesce({long}, {long2})',
    'nullif({long}, {long2})',
    'case when {bool} then {long} else {long2} end',
    'case when {bool} then {long} when {bool2} then {digit} end',
    'case {text} when {word} then {long} else {digit} end',
    ['if({bool}, {long})', 'CASE WHEN {bool} THEN {long} END'],
    ['if({bool}, {long}, {long2})', 'CASE WHEN {bool} THEN {long} ELSE {long2} END'],
    [
      'greatest({long}, {long2})',
      'CASE WHEN {long} IS NOT NULL AND {long2} IS NOT NULL THEN greatest({long}, {long2}) END',
    ],
    [
      'least({long}, {long2})',
      'CASE WHEN {long} IS NOT NULL AND {long2} IS NOT NULL THEN least({long}, {long2}) END',
    ],
    ['try_cast({text} as bigint)', 'TRY_CAST({text} AS BIGINT)'],
    [
      'cast({exact} as bigint)',
      'CAST(CASE WHEN {exact} < 0 THEN ceil({exact} - 0.5) ELSE floor({exact} + 0.5) END AS BIGINT)',
    ],
    '({seconds} - {seconds} % 3600)',
    ['hour({seconds})', `date_part('hour', ${LOCAL})`],
    ['minute({time})', "date_part('minute', {time})"],
    ['day_of_week({seconds})', `date_part('isodow', ${LOCAL})`],
    ['extract(day from {time})', "date_part('day', {time})"],
    ['date_diff({unit}, {time}, {time2})', 'date_sub({unit}, {time}, {time2})'],
    ['cardinality(split({text}, {sign}))', 'len(string_split({text}, {sign}))'],
    ['regexp_count({text}, {regex})', 'len(regexp_extract_all({text}, {regex}))'],
    [
      'json_array_length({json})',
      `CASE WHEN json_valid({json}) AND json_type({json}) = 'ARRAY' THEN CAST(json_array_length({json}) AS BIGINT) END`,
    ],
    ['bitwise_and({long}, 6)', '({long} & 6)'],
  ],
  double: [
    '({double} + {double2})',
    '({double} - {long})',
    ['({double} * 0.5)', '({double} * 0.5::DOUBLE)'],
    ['({long} * 1.0)', '({long} * 1.0::DOUBLE)'],
    ['{long} * 1.0 / {digit}', '(({long} * 1.0::DOUBLE) / {digit})'],
    'round({double}, 1)',
    'round({double})',
    'floor({double})',
    'ceil({double})',
    'abs({double})',
    'cast({long} as double)',
    'coalesce({double}, {double2})',
    'nullif({double}, {long})',
    'case when {bool} then {double} else {double2} end',
    ['try_cast({text} as double)', 'TRY_CAST({text} AS DOUBLE)'],
    ['to_unixtime({time})', '(epoch({time}) - 28800)'],
    'sqrt(abs({long}))',
    ['power({digit}, 2)', 'pow({digit}::DOUBLE, 2)'],
  ],
  text: [
    'lower({text})',
    'upper({text})',
    '({text} || {text2})',
    ['concat({text}, {word}, {text2})', '({text} || {word} || {text2})'],
    'trim({text})',
    [
      "array_join(transform(split({text}, {sign}), x -> upper(x)), '|')",
      "array_to_string(list_transform(string_split({text}, {sign}), lambda x: upper(x)), '|')",
    ],
    ['element_at(split({text}, {sign}), 1)', 'string_split({text}, {sign})[1]'],
    ["split_to_map(concat('k=', {word}), '&', '=')['k']", '{word}'],
    ['typeof({text})', "('varchar' || '')"],
    ['typeof({long})', "('bigint' || '')"],
    ['cast(date({seconds}) as varchar)', `strftime(${LOCAL}, '%Y-%m-%d')`],
    ['cast({bool} as varchar)', 'CAST({bool} AS VARCHAR)'],
    'rpad({text}, 3, {sign})',
    'reverse({text})',
    ['substr({text}, {digit}, 2)', 'substring({text}, {digit}, 2)'],
    ['substr({text}, -2)', 'right({text}, 2)'],
    [
      'split_part({text}, {sign}, {digit})',
      'CASE WHEN {digit} <= len(string_split({text}, {sign})) THEN string_split({text}, {sign})[{digit}] END',
    ],
    'replace({text}, {sign}, {word})',
    ['replace({text}, {sign})', "replace({text}, {sign}, '')"],
    'lpad({text}, 5, {sign})',
    ['cast({long} as varchar)', 'CAST({long} AS VARCHAR)'],
    'coalesce({text}, {text2})',
    'nullif({text}, {word})',
    'case when {bool} then {text} else {text2} end',
    ['if({bool}, {text}, {word})', 'CASE WHEN {bool} THEN {text} ELSE {word} END'],
    [
      'regexp_extract({text}, {regex})',
      'CASE WHEN regexp_matches({text}, {regex}) THEN regexp_extract({text}, {regex}) END',
    ],
    [
      "regexp_replace({text}, {regex}, '<$0>')",
      String.raw`regexp_replace({text}, {regex}, '<\0>', 'g')`,
    ],
    ["date_format({seconds}, '%Y-%m-%d %H:%i')", `strftime(${LOCAL}, '%Y-%m-%d %H:%M')`],
    ["date_format({time}, '%m/%d %T')", "strftime({time}, '%m/%d %H:%M:%S')"],
    ["json_extract_scalar({json}, '$.a')", JSON_TEXT],
    [
      "array_join(split({text}, {sign}), '+')",
      "array_to_string(string_split({text}, {sign}), '+')",
    ],
    ["url_extract_path(concat('http://h/', {word}))", "('/' || {word})"],
    ['to_hex(to_utf8({text}))', 'hex(encode({text}))'],
  ],
  bool: [
    '({long} > {long2})',
    '({long} = {digit})',
    '({long} <> {long2})',
    '({double} <= {double2})',
    '({double} < {long})',
    '({text} = {word})',
    '({text} != {text2})',
    '({text} >= {word})',
    '({text} is null)',
    '({text} between {word} and {word2})',
    [
      'contains(split({text}, {sign}), {word})',
      'list_contains(string_split({text}, {sign}), {word})',
    ],
    [
      'any_match(split({text}, {sign}), x -> x = {word})',
      '(len(list_filter(string_split({text}, {sign}), lambda x: x = {word})) > 0)',
    ],
    '({long} is not null)',
    "({text} in ({word}, 'b', ''))",
    '({long} in (1, 2, {digit}))',
    '({long} not in (1, 2, {digit}))',
    '({long} between {digit} and 9)',
    '({text} like {pattern})',
    '({text} not like {pattern})',
    ['regexp_like({text}, {regex})', 'regexp_matches({text}, {regex})'],
    '({bool} and {bool2})',
    '({bool} or {bool2})',
    '(not {bool})',
    [
      '({time} >= from_unixtime({instant}))',
      '({time} >= make_timestamp(({instant}::BIGINT + 28800) * 1000000))',
    ],
    ['({long} is distinct from {long2})', '({long} IS DISTINCT FROM {long2})'],
    '(starts_with({text}, {word}))',
    ['({text} like concat({word}, {sign}))', '({text} LIKE ({word} || {sign}))'],
  ],
  time: [
    ['from_unixtime({seconds})', LOCAL],
    ["date_trunc('hour', {seconds})", `CAST(date_trunc('hour', ${LOCAL}) AS TIMESTAMP)`],
    ['date_trunc({unit}, {time})', 'CAST(date_trunc({unit}, {time}) AS TIMESTAMP)'],
    ["date_trunc('month', {time})", "CAST(date_trunc('month', {time}) AS TIMESTAMP)"],
    ["date_trunc('week', {seconds})", `CAST(date_trunc('week', ${LOCAL}) AS TIMESTAMP)`],
    ["date_add('day', {digit}, {time})", '({time} + to_days({digit}))'],
    ["date_add('minute', -{digit}, {time})", '({time} - to_minutes({digit}))'],
    [
      "date_parse(date_format({time}, '%Y-%m-%d %H:%i:%s'), '%Y-%m-%d %H:%i:%s')",
      "CAST(date_trunc('second', {time}) AS TIMESTAMP)",
    ],
    'coalesce({time}, {time2})',
  ],
};

/** Over the rows of a group. */
export const AGGREGATES: Readonly<Record<Kind, readonly Form[]>> = {
  long: [
    'count(*)',
    'count(1)',
    'count({any})',
    'count(distinct {any})',
    ['sum({long})', 'CAST(sum({long}) AS BIGINT)'],
    'min({long})',
    'max({long})',
    ['count_if({bool})', 'count(*) FILTER (WHERE {bool})'],
    'count(*) filter (where {bool})',
    ['sum({long}) filter (where {bool})', 'CAST(sum({long}) FILTER (WHERE {bool}) AS BIGINT)'],
    'count(distinct {any}) filter (where {bool})',
    ['approx_distinct({any})', 'count(DISTINCT {any})'],
    [
      'sum(case when {bool} then 1 else 0 end)',
      'CAST(sum(CASE WHEN {bool} THEN 1 ELSE 0 END) AS BIGINT)',
    ],
    ['sum(distinct {long})', 'CAST(sum(DISTINCT {long}) AS BIGINT)'],
    ['approx_percentile({long}, 0.5)', 'quantile_disc({long}, 0.5)'],
    ['max_by({long}, {unique})', 'max_by({long}, {unique})'],
    ['cardinality(array_agg({any}))', 'CASE WHEN count(*) > 0 THEN count(*) END'],
    [
      'cardinality(histogram({text}))',
      'CASE WHEN count({text}) > 0 THEN count(DISTINCT {text}) END',
    ],
    ['max({seconds}) - min({seconds})', '(max({seconds}) - min({seconds}))'],
    ['bitwise_or_agg({long})', 'bit_or({long})'],
    ['element_at(max({long}, 2), 1)', 'max({long})'],
  ],
  double: [
    'avg({long})',
    'avg({exact})',
    'sum({exact})',
    'min({double})',
    'max({double})',
    'avg({exact}) filter (where {bool})',
    ['count(*) * 1.0', '(count(*) * 1.0::DOUBLE)'],
    [
      'round(sum(case when {bool} then 1 else 0 end) * 100.0 / count(*), 2)',
      'round(CAST(sum(CASE WHEN {bool} THEN 1 ELSE 0 END) AS BIGINT) * 100.0::DOUBLE / count(*), 2)',
    ],
    ['sum({long}) / 4.0', '(CAST(sum({long}) AS BIGINT) / 4.0::DOUBLE)'],
    ['approx_percentile({double}, 0.9)', 'quantile_disc({double}, 0.9)'],
  ],
  text: [
    'min({text})',
    'max({text})',
    ['max_by({text}, {unique})', 'max_by({text}, {unique})'],
    ['min_by({text}, {unique})', 'min_by({text}, {unique})'],
    [
      "array_join(array_sort(array_agg(distinct {text})), ',')",
      "CASE WHEN count(*) > 0 THEN coalesce(array_to_string(list_sort(list(DISTINCT {text}) FILTER (WHERE {text} IS NOT NULL)), ','), '') END",
    ],
    ['concat(min({text}), {word}, max({text}))', '(min({text}) || {word} || max({text}))'],
    ["date_format(max({time}), '%H:%i')", "strftime(max({time}), '%H:%M')"],
    [
      "date_format(min({seconds}), '%H:%i')",
      `strftime(make_timestamp((min({seconds}) + 28800) * 1000000), '%H:%M')`,
    ],
    ['lower(arbitrary({word}))', 'lower(any_value({word}))'],
  ],
  bool: [
    'bool_and({bool})',
    'bool_or({bool})',
    ['every({bool})', 'bool_and({bool})'],
    '(count(*) > {digit})',
    '(max({long}) >= {digit})',
    ['(sum({long}) > {digit})', '(CAST(sum({long}) AS BIGINT) > {digit})'],
    'count({any}) between 1 and {digit}',
    '(avg({exact}) is not null)',
  ],
  time: [
    'min({time})',
    'max({time})',
    ['from_unixtime(max({seconds}))', 'make_timestamp((max({seconds}) + 28800) * 1000000)'],
    ["date_trunc('hour', min({time}))", "CAST(date_trunc('hour', min({time})) AS TIMESTAMP)"],
  ],
};

const LAST = 'ASC NULLS LAST';

/** Over windows; each is the same whatever the order of the rows. */
export const WINDOWS: Readonly<Partial<Record<Kind, readonly Form[]>>> = {
  long: [
    ['row_number() over (order by {unique})', `row_number() OVER (ORDER BY {unique} ${LAST})`],
    [
      'row_number() over (partition by {any} order by {long} desc, {unique})',
      'row_number() OVER (PARTITION BY {any} ORDER BY {long} DESC NULLS LAST, {unique})',
    ],
    ['rank() over (order by {any})', `rank() OVER (ORDER BY {any} ${LAST})`],
    [
      'dense_rank() over (partition by {any} order by {any2} desc)',
      'dense_rank() OVER (PARTITION BY {any} ORDER BY {any2} DESC NULLS LAST)',
    ],
    'count(*) over (partition by {any})',
    'count({any}) over ()',
    [
      'sum({long}) over (partition by {any} order by {any2})',
      `CAST(sum({long}) OVER (PARTITION BY {any} ORDER BY {any2} ${LAST} RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT)`,
    ],
    [
      'sum({long}) over (order by {unique} rows between 1 preceding and current row)',
      'CAST(sum({long}) OVER (ORDER BY {unique} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS BIGINT)',
    ],
    ['lag({long}, 1, 0) over (order by {unique})', 'lag({long}, 1, 0) OVER (ORDER BY {unique})'],
    ['ntile(3) over (order by {unique} desc)', 'ntile(3) OVER (ORDER BY {unique} DESC)'],
    [
      'approx_distinct({long}) over (partition by {any})',
      'count(DISTINCT {long}) OVER (PARTITION BY {any})',
    ],
  ],
  text: [
    [
      'lag({text}) over (partition by {any} order by {unique})',
      'lag({text}) OVER (PARTITION BY {any} ORDER BY {unique})',
    ],
    ['lead({text}) over (order by {unique} desc)', 'lead({text}) OVER (ORDER BY {unique} DESC)'],
    'first_value({text}) over (partition by {any} order by {unique})',
    'max({text}) over (partition by {any})',
  ],
  double: ['avg({exact}) over (partition by {any})', 'max({double}) over ()'],
};
