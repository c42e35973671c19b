/** Arrays, maps, lambda functions. */
export const COLLECTIONS: readonly (readonly [title: string, entries: string])[] = [
  [
    'Arrays',
    String.raw`
cardinality(x) | elements of an array or map; distinct values of a sketch | cardinality(array[1, 2]) → 2
element_at(x, i) | element i from 1 (negative: from the end), or value of a key; null if absent | element_at(array[1, 2], -1) → 2
contains(a, v) | whether the array has the value | contains(array[1, 2], 2) → true
array_distinct(a) | the first of each value | array_distinct(array[3, 1, 3]) → [3,1]
array_except(a, b) | distinct elements that b lacks | array_except(array[1, 2, 1], array[2]) → [1]
array_intersect(a, b) | distinct elements that both have | array_intersect(array[1, 2], array[2, 3]) → [2]
array_union(a, b) | distinct elements of both | array_union(array[1, 2], array[2, 3]) → [1,2,3]
arrays_overlap(a, b) | whether they share a value | arrays_overlap(array[1, 2], array[2]) → true
array_join(a, d[, null]) | text of all elements | array_join(array['a', null, 'c'], '-', '?') → a-?-c
array_max(a) | largest element | array_max(array[1, 9, 3]) → 9
array_min(a) | smallest element | array_min(array[4, 1, 3]) → 1
array_sum(a) | sum of the elements | array_sum(array[1, 2]) → 3
array_average(a) | mean of the elements | array_average(array[1, 2]) → 1.5
array_position(a, v) | where the value stands first, from 1; 0 if nowhere | array_position(array[1, 2], 2) → 2
array_remove(a, v) | without the value | array_remove(array[1, 2, 1], 1) → [2]
array_sort(a[, comparator]) | ascending, nulls last | array_sort(array[3, null, 1]) → [1,3,null]
array_transpose(aa) | rows as columns | array_transpose(array[array[1, 2], array[3, 4]]) → [[1,3],[2,4]]
flatten(aa) | elements of all arrays | flatten(array[array[1], array[2, 3]]) → [1,2,3]
repeat(x, n) | array of n times x | repeat('a', 2) → ["a","a"]
sequence(a, b[, step]) | from a to b, at most 10000 elements; also timestamps with an interval | sequence(1, 5, 2) → [1,3,5]
shuffle(a) | in random order | cardinality(shuffle(array[1, 2])) → 2
slice(a, start, n) | n elements from start; negative from the end | slice(array[1, 2, 3, 4, 5], -2, 2) → [4,5]
zip(a, b[, c]) | array of rows | cardinality(zip(array[1, 2], array['a', 'b'])) → 2
filter(a, x -> …) | elements for which it is true | filter(array[1, 2, 3], x -> x > 1) → [2,3]
transform(a, x -> …) | array of results | transform(array[1, 2], x -> x * 2) → [2,4]
any_match(a, x -> …) | whether it is true for any | any_match(array[1, 2], x -> x > 1) → true
all_match(a, x -> …) | whether it is true for all | all_match(array[1, 2], x -> x > 1) → false
zip_with(a, b, (x, y) -> …) | array of results of pairs | zip_with(array[1, 2], array[3, 4], (x, y) -> x + y) → [4,6]
reduce(a, start, (s, x) -> …, s -> …) | one value of all elements | reduce(array[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10) → 60
none_match(a, x -> …) | whether it is true for none | none_match(array[1, 2], x -> x > 2) → true
`,
  ],
  [
    'Maps',
    String.raw`
map(keys, values) / map() | map of two arrays, or none | map(array['a'], array[1])['a'] → 1
map_keys(m) | array of keys | map_keys(map(array['a', 'b'], array[1, 2])) → ["a","b"]
map_values(m) | array of values | map_values(map(array['a', 'b'], array[1, 2])) → [1,2]
map_entries(m) | array of rows | cardinality(map_entries(map(array['a'], array[1]))) → 1
map_from_entries(rows) | map of rows; a key twice is an error | map_from_entries(array[row('a', 1)]) → {"a":1}
multimap_from_entries(rows) | map from key to an array of its values | multimap_from_entries(array[row('a', 1), row('a', 2)]) → {"a":[1,2]}
map_filter(m, (k, v) -> …) | entries for which it is true | map_filter(map(array['a', 'b'], array[1, 2]), (k, v) -> v > 1) → {"b":2}
transform_keys(m, (k, v) -> …) | with other keys | transform_keys(map(array['a'], array[2]), (k, v) -> upper(k)) → {"A":2}
transform_values(m, (k, v) -> …) | with other values | transform_values(map(array['a'], array[2]), (k, v) -> v * 5) → {"a":10}
map_zip_with(m1, m2, (k, v1, v2) -> …) | one map of both | map_zip_with(map(array['a'], array[1]), map(array['a'], array[2]), (k, v1, v2) -> v1 + v2) → {"a":3}
map_concat(m1, m2) | both; the right one wins | map_concat(map(array['a'], array[1]), map(array['a'], array[2])) → {"a":2}
`,
  ],
];
