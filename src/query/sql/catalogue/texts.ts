/** Texts, regular expressions, JSON, URLs. */
export const TEXTS: readonly (readonly [title: string, entries: string])[] = [
  [
    'Text',
    String.raw`
chr(n) | character of a code point | chr(65) → A
codepoint(c) | code point of a character | codepoint('A') → 65
concat(a, b, …) | texts or arrays put together; null if any is null | concat('a', 'b') → ab
concat_ws(separator, a, b, …) | texts put together with a separator, without nulls | concat_ws('-', 'a', null, 'b') → a-b
length(s) | number of characters | length('日志') → 2
lower(s) | in lower case | lower('AbC') → abc
upper(s) | in upper case | upper('AbC') → ABC
trim(s) | without blanks at both ends | trim('  a ') → a
ltrim(s) | without blanks at the left | ltrim('  a') → a
rtrim(s) | without blanks at the right | rtrim('a  ') → a
lpad(s, n, p) | filled at the left to n characters, or cut | lpad('7', 3, '0') → 007
rpad(s, n, p) | filled at the right to n characters, or cut | rpad('7', 3, '0') → 700
position(a in s) / strpos(s, a) | where a stands, from 1; 0 if nowhere | strpos('abc', 'c') → 3
replace(s, a[, b]) | every a replaced by b, or left out | replace('aXbX', 'X') → ab
reverse(x) | text or array backwards | reverse('abc') → cba
split(s, d[, n]) | array of parts; at most n, the rest in the last | split('a,b,c', ',', 2) → ["a","b,c"]
split_part(s, d, i) | part i from 1; null beyond the end | split_part('a?b', '?', 2) → b
split_to_map(s, d1, d2) | map of entries between d1, keys before d2 | split_to_map('a=1&b=2', '&', '=') → {"a":"1","b":"2"}
split_to_multimap(s, d1, d2) | the same with all values of a key | split_to_multimap('a=1&a=2', '&', '=') → {"a":["1","2"]}
starts_with(s, a) | whether s begins with a | starts_with('abc', 'ab') → true
ends_with(s, a) | whether s ends with a | ends_with('abc', 'bc') → true
substr(s, i[, n]) / substring(s, i[, n]) | from character i (negative: from the end), n characters | substr('hello', -3, 2) → ll
translate(s, from, to) | each character of from by the one of to | translate('abc', 'ab', 'xy') → xyc
levenshtein_distance(a, b) | edits between two texts | levenshtein_distance('cat', 'cut') → 1
hamming_distance(a, b) | differing characters of texts of one length | hamming_distance('cat', 'cot') → 1
normalize(s) | Unicode normal form C | normalize('é') → é
to_utf8(s) | bytes of a text | to_hex(to_utf8('hi')) → 6869
from_utf8(b) | text of bytes | from_utf8(to_utf8('a')) → a
`,
  ],
  [
    'Regular expressions',
    String.raw`
regexp_like(s, p) | whether p matches anywhere | regexp_like('a1', '\d') → true
regexp_extract(s, p[, g]) | first match or its group g; null if none | regexp_extract('id=42', 'id=(\d+)', 1) → 42
regexp_extract_all(s, p[, g]) | array of all matches | regexp_extract_all('a1b22', '\d+') → ["1","22"]
regexp_replace(s, p[, r]) | all matches replaced, groups as $1; or left out | regexp_replace('a-b-c', '-(.)', '<$1>') → a<b><c>
regexp_split(s, p) | array of what is between matches | regexp_split('a1b2c', '\d') → ["a","b","c"]
regexp_count(s, p) | number of matches | regexp_count('a1b2', '\d') → 2
`,
  ],
  [
    'JSON',
    String.raw`
json_extract(j, path) | JSON at a path such as $.a.b, $.a[0], $["a.b"]; null for bad JSON | json_extract('{"a":{"b":1}}', '$.a') → {"b":1}
json_extract_scalar(j, path) | text of a scalar; null for objects and arrays | json_extract_scalar('{"a":[1,"x"]}', '$.a[1]') → x
json_parse(s) | JSON value; bad text is an error | json_extract_scalar(json_parse('{"a":1}'), '$.a') → 1
json_format(j) | compact text | json_format(json_parse('[1, 2]')) → [1,2]
json_array_contains(j, v) | whether the array has the value | json_array_contains('[1,2,3]', 2) → true
json_array_get(j, i) | element i from 0; negative from the end | json_array_get('["s","t"]', -1) → t
json_array_length(j) | number of elements; null for others | json_array_length('[1,2]') → 2
json_size(j, path) | number of members or elements; 0 for a scalar | json_size('{"s":[1,2,3]}', '$.s') → 3
is_json_scalar(j) | whether it is no object and no array | is_json_scalar('1') → true
`,
  ],
  [
    'URL',
    String.raw`
url_extract_protocol(u) | text before the first colon | url_extract_protocol('https://a.com/p') → https
url_extract_host(u) | host | url_extract_host('http://a.com:80/p?x=1') → a.com
url_extract_port(u) | port as a bigint; null if absent | url_extract_port('http://a.com:80/p') → 80
url_extract_path(u) | path | url_extract_path('http://a.com/p/q?x=1') → /p/q
url_extract_query(u) | what follows the question mark | url_extract_query('http://a.com/p?x=1#f') → x=1
url_extract_fragment(u) | what follows the hash sign | url_extract_fragment('http://a.com/p#f') → f
url_extract_parameter(u, name) | first value, decoded; null if absent | url_extract_parameter('http://a/p?x=1&y=a%20b', 'y') → a b
url_encode(s) | as in a form: a space is + | url_encode('a b/c') → a+b%2Fc
url_decode(s) | back | url_decode('a+b%2Fc') → a b/c
`,
  ],
];
