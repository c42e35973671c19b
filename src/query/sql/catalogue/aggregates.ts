/** Aggregates and window functions. */
export const AGGREGATES: readonly (readonly [title: string, entries: string])[] = [
  [
    'Aggregates',
    String.raw`
count(*) / count(x) | rows; values that are not null | count(*) → 4
count_if(b) | rows where b is true | count_if(x > 1) → 3
sum(x) | sum; of bigint a bigint; null for no rows | sum(x) → 15
avg(x) | mean as a double | avg(x) → 3.75
min(x[, n]) | smallest value; with n the n smallest as an array | min(x) → 1
max(x[, n]) | largest value; with n the n largest as an array | max(x, 2) → [10,2]
min_by(x, y[, n]) | x at the smallest y; with n an array | min_by(k, x, 1) → ["a"]
max_by(x, y[, n]) | x at the largest y; with n an array | max_by(k, x) → c
arbitrary(x) / any_value(x) | any value that is not null | arbitrary(1) → 1
bool_and(b) / every(b) | whether b is true in all rows | bool_and(x > 1) → false
bool_or(b) | whether b is true in any row | bool_or(x > 5) → true
bitwise_and_agg(x) | bitwise and of all values | bitwise_and_agg(x) → 0
bitwise_or_agg(x) | bitwise or of all values | bitwise_or_agg(x) → 11
bitwise_xor_agg(x) | bitwise exclusive or of all values | bitwise_xor_agg(x) → 11
geometric_mean(x) | geometric mean | round(geometric_mean(x), 4) → 2.5149
kurtosis(x) | excess kurtosis of a sample | round(kurtosis(x), 6) → 3.769996
skewness(x) | skewness of a population | round(skewness(x), 6) → 1.109968
stddev(x) / stddev_samp(x) | standard deviation of a sample | round(stddev(x), 6) → 4.193249
stddev_pop(x) | standard deviation of a population | round(stddev_pop(x), 6) → 3.63146
variance(x) / var_samp(x) | variance of a sample | round(variance(x), 4) → 17.5833
var_pop(x) | variance of a population | var_pop(x) → 13.1875
covar_pop(y, x) | covariance of a population | covar_pop(x, x) → 13.1875
covar_samp(y, x) | covariance of a sample | round(covar_samp(x, x), 4) → 17.5833
corr(y, x) | correlation | round(corr(x, x), 6) → 1.0
regr_slope(y, x) | slope of the line of least squares | regr_slope(x, x) → 1.0
regr_intercept(y, x) | where that line meets x = 0 | regr_intercept(x, x) → 0.0
checksum(x) | hash of all values in any order, varbinary | length(to_hex(checksum(x))) → 16
array_agg(x [order by y]) | array of all values, with nulls | array_agg(x order by x desc) → [10,2,2,1]
set_agg(x) | array of distinct values | array_sort(set_agg(x)) → [1,2,10]
set_union(a) | distinct elements of arrays | array_sort(set_union(array[x, 1])) → [1,2,10]
histogram(x) | map from value to how often it is there | histogram(k) → {"a":1,"b":2,"c":1}
map_agg(k, v) | map; keeps one value of each key | map_agg(k, x) → {"a":1,"b":2,"c":10}
multimap_agg(k, v) | map from key to an array of its values | multimap_agg(k, x) → {"a":[1],"b":[2,2],"c":[10]}
map_union(m) | one map of all; keeps one value of each key | map_union(map(array[k], array[x])) → {"a":1,"b":2,"c":10}
listagg(x, separator [order by y]) | texts put together | listagg(k, '+' order by x desc) → c+b+b+a
`,
  ],
  [
    'Approximate aggregates',
    String.raw`
approx_distinct(x[, e]) | number of distinct values; exact here | approx_distinct(k) → 3
approx_percentile(x, p) | value at the share p (0 to 1); exact here | approx_percentile(x, 0.5) → 2
approx_percentile(x, array[p, …]) | array of values | approx_percentile(x, array[0.25, 1.0]) → [1,10]
approx_percentile(x, w, p) | with the weight w of each row | approx_percentile(x, x, 0.5) → 10
numeric_histogram(b, x[, w]) | map of at most b bins from centre to weight | numeric_histogram(2, x) → {"1.6666666666666667":3.0,"10.0":1.0}
approx_most_frequent(b, x, capacity) | map of the b values that are there most often; exact here | approx_most_frequent(1, k, 10) → {"b":2}
approx_set(x) | HyperLogLog sketch, varbinary; standard error 1.6 % | cardinality(approx_set(k)) → 3
merge(s) | one sketch of all | cardinality(merge(s)) from (select approx_set(x) as s from log group by k) → 3
empty_approx_set() | sketch of no value | cardinality(empty_approx_set()) → 0
window_funnel(w, t, event, array[e1, …]) | longest chain of steps in order within w seconds | window_funnel(10, x, k, array['a', 'b', 'c']) → 2
window_funnel(w, t, array[b1, …]) | the same with conditions as steps | window_funnel(10, x, array[k = 'a', k = 'b']) → 2
series_padding(t, x, interval, kind) | rows (unixtime, pad_value), one every interval; kind is zero, mean, forward, backward |
`,
  ],
  [
    'Comparison and series',
    String.raw`
compare(x, n[, …]) | array [now, before, now / before] of a column of the inner query, n seconds earlier |
ts_compare(x, n[, …]) | the same with the Unix time of the earlier one; grouped by time |
time_series(t, window, format, padding) | every window of the request's range; padding is 0, null, last, next or avg |
histogram_u(x) | histogram as rows (key, value); the only output | sum(value) from (select histogram_u(k) from log) → 4
numeric_histogram_u(b, x) | numeric_histogram as rows (key, value) | count(*) from (select numeric_histogram_u(2, x) from log) → 2
`,
  ],
  [
    'Window functions',
    String.raw`
row_number() over (…) | number of the row | row_number() over (order by 1) → 1
rank() over (…) | number with gaps after equals | rank() over (order by 1) → 1
dense_rank() over (…) | number without gaps | dense_rank() over (order by 1) → 1
percent_rank() over (…) | rank from 0 to 1 | percent_rank() over (order by 1) → 0.0
cume_dist() over (…) | share of rows up to this one | cume_dist() over (order by 1) → 1.0
ntile(n) over (…) | which of n equal groups | ntile(1) over (order by x) → 1
lag(x[, n[, default]]) over (…) | value n rows before | max(y) from (select lag(x, 1, 0) over (order by x) as y from log) → 2
lead(x[, n[, default]]) over (…) | value n rows after | max(y) from (select lead(x) over (order by x) as y from log) → 10
first_value(x) over (…) | value of the frame's first row | first_value(x) over (order by x) → 1
last_value(x) over (…) | value of the frame's last row | max(y) from (select last_value(x) over (order by x) as y from log) → 10
nth_value(x, n) over (…) | value of the frame's nth row | max(y) from (select nth_value(x, 2) over (order by x) as y from log) → 2
`,
  ],
];
