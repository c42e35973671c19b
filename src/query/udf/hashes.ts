/** Checksums and digests that DuckDB lacks. Texts count as their UTF-8 bytes. */
import { createHash, createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BYTES, HUGE, WHOLE, udf, type UdfFamily } from './scalar-udf.ts';
import { xxhash64 } from './xxhash64.ts';

const HMACS = ['md5', 'sha1', 'sha256', 'sha512'] as const;

export const HASHES: UdfFamily = {
  functions: [
    udf('sls_sha512', [BYTES], BYTES, (bytes) => createHash('sha512').update(bytes).digest()),
    udf('sls_xxhash64', [BYTES], BYTES, (bytes) => bigEndian(xxhash64(bytes))),
    udf('sls_crc32', [BYTES], WHOLE, (bytes) => BigInt(crc32(bytes))),
    udf('sls_checksum', [HUGE], BYTES, (sum) => bigEndian(BigInt.asUintN(64, sum))),
    ...HMACS.map((hash) =>
      udf(`sls_hmac_${hash}`, [BYTES, BYTES], BYTES, (bytes, key) =>
        createHmac(hash, key).update(bytes).digest(),
      ),
    ),
  ],
  macros: `
CREATE MACRO sls_bytes(x) AS unhex(hex(x));
CREATE MACRO sha512(x) AS sls_sha512(sls_bytes(x));
CREATE MACRO xxhash64(x) AS sls_xxhash64(sls_bytes(x));
CREATE MACRO crc32(x) AS sls_crc32(sls_bytes(x));
${HMACS.map((hash) => `CREATE MACRO hmac_${hash}(x, k) AS sls_hmac_${hash}(sls_bytes(x), sls_bytes(k));`).join('\n')}
`,
};

function bigEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
