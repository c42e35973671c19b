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
geohash(latitude, longitude) / geohash(text) | geohash of 10 letters; text is latitude,longitude | geohash(34.1, 120.6) → wwjcbrdnzs
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
