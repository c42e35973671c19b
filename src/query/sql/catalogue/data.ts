/** Bytes, addresses, places, conditions. */
export const DATA: readonly (readonly [title: string, entries: string])[] = [
  [
    'Binary and hashes',
    String.raw`
to_hex(b) | upper-case digits | to_hex(to_utf8('hi')) → 6869
from_hex(s) | bytes | from_utf8(from_hex('6869')) → hi
to_base64(b) | base64 | to_base64(to_utf8('hi')) → aGk=
from_base64(s) | bytes | from_utf8(from_base64('aGk=')) → hi
to_base64url(b) | base64 with - and _ | to_base64url(from_hex('FBFF')) → -_8=
from_base64url(s) | bytes | to_hex(from_base64url('-_8=')) → FBFF
md5(b) | 16 bytes | to_hex(md5(to_utf8('a'))) → 0CC175B9C0F1B6A831C399E269772661
sha1(b) | 20 bytes | to_hex(sha1(to_utf8('a'))) → 86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8
sha256(b) | 32 bytes | to_hex(sha256(to_utf8('a'))) → CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB
sha512(b) | 64 bytes | substr(to_hex(sha512(to_utf8('a'))), 1, 16) → 1F40FC92DA241694
xxhash64(b) | 8 bytes | to_hex(xxhash64(to_utf8('a'))) → D24EC4F1A98C6E5B
crc32(b) | bigint | crc32(to_utf8('123456789')) → 3421780262
hmac_md5(b, key) | 16 bytes | to_hex(hmac_md5(to_utf8('a'), to_utf8('k'))) → DDCF3D210049E7135F61AFFAE73731CD
hmac_sha1(b, key) | 20 bytes | length(to_hex(hmac_sha1(to_utf8('a'), to_utf8('k')))) → 40
hmac_sha256(b, key) | 32 bytes | length(to_hex(hmac_sha256(to_utf8('a'), to_utf8('k')))) → 64
hmac_sha512(b, key) | 64 bytes | length(to_hex(hmac_sha512(to_utf8('a'), to_utf8('k')))) → 128
to_big_endian_64(n) | 8 bytes of a number | to_hex(to_big_endian_64(258)) → 0000000000000102
from_big_endian_64(b) | number of 8 bytes | from_big_endian_64(to_big_endian_64(-2)) → -2
`,
  ],
  [
    'Addresses and places',
    String.raw`
ip_prefix(ip, bits) | its network | ip_prefix('192.168.7.9', 16) → 192.168.0.0/16
ip_subnet_min(network) | first address | ip_subnet_min('192.168.1.1/24') → 192.168.1.0
ip_subnet_max(network) | last address | ip_subnet_max('192.168.1.1/24') → 192.168.1.255
ip_subnet_range(network) | array of both | ip_subnet_range('10.0.0.0/31') → ["10.0.0.0","10.0.0.1"]
is_subnet_of(network, ip) | whether the address is in it | is_subnet_of('192.168.0.0/24', '192.168.0.77') → true
is_prefix_subnet_of(network, network2) | whether the second one is in it | is_prefix_subnet_of('10.0.0.0/8', '10.1.0.0/16') → true
ip_to_domain(ip) | intranet, internet or invalid | ip_to_domain('10.1.1.1') → intranet
ip_to_country(ip) / ip_to_country(ip, 'en') | name of the country in Chinese, or its code. This and the next ones need --ip-database | ip_to_country('1.2.3.4') → 中国
ip_to_country_code(ip) | code of the country | ip_to_country_code('1.2.3.4') → CN
ip_to_province(ip) / ip_to_province(ip, 'en') | province or state, in Chinese or English | ip_to_province('1.2.3.4') → 浙江省
ip_to_city(ip) / ip_to_city(ip, 'en') | city, in Chinese or English | ip_to_city('1.2.3.4', 'en') → Hangzhou
ip_to_provider(ip) | who runs the network | ip_to_provider('1.2.3.4') → Example Telecom
ip_to_geo(ip) | latitude,longitude | ip_to_geo('1.2.3.4') → 30.25,120.5
ip_to_city_geo(ip) | the same | ip_to_city_geo('1.2.3.4') → 30.25,120.5
ipv6_to_country(ip) / ipv6_to_country(ip, 'en') | as without v6; all of them take addresses of both versions | ipv6_to_country('2001:db8::1', 'en') → DE
ipv6_to_country_code(ip) | code of the country | ipv6_to_country_code('2001:db8::1') → DE
ipv6_to_province(ip) / ipv6_to_province(ip, 'en') | province or state | ipv6_to_province('2001:db8::1') → Bavaria
ipv6_to_city(ip) / ipv6_to_city(ip, 'en') | city | ipv6_to_city('::1') → intranet
ipv6_to_provider(ip) | who runs the network | ipv6_to_provider('2001:db8::1') → Example Net
ipv6_to_geo(ip) | latitude,longitude | ipv6_to_geo('2001:db8::1') → 48.1,11.5
ipv6_to_city_geo(ip) | the same | ipv6_to_city_geo('2001:db8::1') → 48.1,11.5
ipv6_to_domain(ip) | intranet, internet or invalid | ipv6_to_domain('fe80::1') → intranet
security_check_ip(ip) | 1 if it is in the list of threats, else 0. Needs --threat-list, as do the next ones | security_check_ip('203.0.113.9') → 1
security_check_domain(name) | 1 if it or a domain above it is in the list, else 0 | security_check_domain('www.evil.example') → 1
security_check_url(url) | 1 if it is in the list, else 0 | security_check_url('http://bad.example/x') → 1
mobile_province(number) | province of a phone number. Needs --phone-database, as do the next ones | mobile_province(13800001111) → 北京
mobile_city(number) | city | mobile_city('+86 13800001111') → 北京
mobile_carrier(number) | carrier | mobile_carrier(13800001111) → 中国移动
geohash(latitude, longitude) / geohash(text) | geohash of 10 letters; text is latitude,longitude | geohash(34.1, 120.6) → wwjcbrdnzs
`,
  ],
  [
    'Geometry',
    String.raw`
st_astext(g) | well-known text, in one spelling | st_astext('point(1 2)') → POINT (1 2)
st_geometryfromtext(text) | geometry of well-known text | st_geometryfromtext('LINESTRING(0 0,1 1)') → LINESTRING (0 0, 1 1)
st_linefromtext(text) | the same, of lines only | st_linefromtext('LINESTRING(0 0,1 1)') → LINESTRING (0 0, 1 1)
st_polygon(text) | the same, of polygons only | st_polygon('POLYGON((0 0,4 0,4 4,0 0))') → POLYGON ((0 0, 4 0, 4 4, 0 0))
st_point(x, y) | point; x is the longitude | st_point(120.5, 30) → POINT (120.5 30)
st_boundary(g) | its edge | st_boundary('LINESTRING(0 0,1 1)') → MULTIPOINT ((0 0), (1 1))
st_buffer(g, distance) | all points that are not farther away | st_area(st_buffer('POINT(0 0)', 1)) > 3.1 → true
st_difference(g, g2) | what is only in the first one | st_difference('LINESTRING(0 0,4 0)', 'LINESTRING(2 0,4 0)') → LINESTRING (0 0, 2 0)
st_envelope(g) | the rectangle around it | st_envelope('LINESTRING(0 0,2 1)') → POLYGON ((0 0, 0 1, 2 1, 2 0, 0 0))
st_exteriorring(g) | line around a polygon | st_exteriorring('POLYGON((0 0,4 0,4 4,0 0))') → LINESTRING (0 0, 4 0, 4 4, 0 0)
st_intersection(g, g2) | what is in both | st_intersection('LINESTRING(0 0,2 2)', 'LINESTRING(0 2,2 0)') → POINT (1 1)
st_symdifference(g, g2) | what is in one of them only | st_symdifference('POINT(0 0)', 'POINT(1 1)') → MULTIPOINT ((0 0), (1 1))
st_union(g, g2) | what is in any of them | st_area(st_union('POLYGON((0 0,2 0,2 2,0 2,0 0))', 'POLYGON((1 0,3 0,3 2,1 2,1 0))')) → 6.0
st_contains(g, g2) | whether the second one lies in the first | st_contains('POLYGON((0 0,4 0,4 4,0 4,0 0))', 'POINT(1 2)') → true
st_crosses(g, g2) | whether they share some of their insides | st_crosses('LINESTRING(0 0,2 2)', 'LINESTRING(0 2,2 0)') → true
st_disjoint(g, g2) | whether they have no point in common | st_disjoint('POINT(0 0)', 'POINT(1 1)') → true
st_equals(g, g2) | whether they have the same points | st_equals('LINESTRING(0 0,1 1)', 'LINESTRING(1 1,0 0)') → true
st_intersects(g, g2) | whether they have a point in common | st_intersects('LINESTRING(0 0,2 2)', 'POINT(1 1)') → true
st_overlaps(g, g2) | whether they share a part of their own dimension, and neither contains the other | st_overlaps('LINESTRING(0 0,2 0)', 'LINESTRING(1 0,3 0)') → true
st_relate(g, g2, pattern) | whether their intersections are as in the pattern (DE-9IM) | st_relate('POINT(1 1)', 'POINT(1 1)', 'T*F**FFF*') → true
st_touches(g, g2) | whether they share edges only | st_touches('LINESTRING(0 0,1 1)', 'POINT(1 1)') → true
st_within(g, g2) | whether the first one lies in the second | st_within('POINT(1 2)', 'POLYGON((0 0,4 0,4 4,0 4,0 0))') → true
st_area(g) | area in the plane | st_area('POLYGON((0 0,4 0,4 4,0 4,0 0))') → 16.0
st_centroid(g) | centre of mass | st_centroid('LINESTRING(0 0,2 2)') → POINT (1 1)
st_coorddim(g) | 2, or 3 with heights | st_coorddim('POINT(1 2)') → 2
st_dimension(g) | 0 of points, 1 of lines, 2 of polygons | st_dimension('LINESTRING(0 0,1 1)') → 1
st_distance(g, g2) | smallest distance in the plane | st_distance('POINT(0 0)', 'POINT(3 4)') → 5.0
st_endpoint(g) | last point of a line | st_endpoint('LINESTRING(0 0,1 2)') → POINT (1 2)
st_isclosed(g) | whether lines end where they begin | st_isclosed('LINESTRING(0 0,1 1)') → false
st_isempty(g) | whether it has no points | st_isempty('POINT EMPTY') → true
st_isring(g) | whether a line is closed and does not cross itself | st_isring('LINESTRING(0 0,1 0,1 1,0 0)') → true
st_length(g) | length of lines in the plane | st_length('LINESTRING(0 0,3 4)') → 5.0
st_numpoints(g) | number of points, that of the end of a ring, too | st_numpoints('LINESTRING(0 0,1 1)') → 2
st_numinteriorring(g) | number of holes of a polygon | st_numinteriorring('POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 1))') → 1
st_startpoint(g) | first point of a line | st_startpoint('LINESTRING(0 0,1 2)') → POINT (0 0)
st_x(g) | x of a point | st_x('POINT(1 2)') → 1.0
st_y(g) | y of a point | st_y('POINT(1 2)') → 2.0
st_xmax(g) | largest x | st_xmax('LINESTRING(0 0,1 2)') → 1.0
st_xmin(g) | smallest x | st_xmin('LINESTRING(0 0,1 2)') → 0.0
st_ymax(g) | largest y | st_ymax('LINESTRING(0 0,1 2)') → 2.0
st_ymin(g) | smallest y | st_ymin('LINESTRING(0 0,1 2)') → 0.0
`,
  ],
  [
    'Clustering of logs',
    String.raw`
log_reduce(precision) | one row for each pattern of the logs, with the fields pattern, count, signature and origin_signatures; precision is 1 (finest) to 16, 3 if left out. Alone in its select, over a logstore with log_reduce in its index | a.count from (select log_reduce(3) as a from log) → 4
compare_log_reduce(precision, seconds) | the same with the logs of so many seconds before: also count_compare and diff | v.count_compare from (select compare_log_reduce(3, 86400) as v from log) → 4
`,
  ],
  [
    'Conditions and rows',
    String.raw`
coalesce(a, …) | the first that is not null | coalesce(null, 2) → 2
nullif(a, b) | null if they are equal | nullif(1, 1) → null
if(c, a[, b]) | a or b; null without b | if(1 > 2, 'x') → null
typeof(x) | name of its type | typeof(1.5) → double
try(x) | null instead of an error | try(cast('x' as bigint)) → null
row(a, …) | a row; from map_from_entries and array functions | cardinality(array[row(1, 2)]) → 1
unnest(a) | in FROM: one row for each element | n from (select n from unnest(array[7]) as t(n)) → 7
`,
  ],
];
