/** The numbers of sls-api §7.1 that hold for every part that speaks the protocol, each with its reason. */
import { DAY_MS, MIB, MINUTE_MS } from '#base/units.ts';

/** Largest body of a write once decompressed; exactly this size is accepted. The service's own limit. */
export const BODY_RAW_BYTES_MAX: number = 10 * MIB;

/** Bytes of a field name. The service's limit; also keeps term dictionaries and column lists small. */
export const KEY_BYTES_MAX = 128;

/** Bytes of one field value. The service's limit. */
export const VALUE_BYTES_MAX: number = MIB;

/** Log groups in one batch body. Agents send tens; a group takes at least 2 bytes, so 10 MB could name millions. */
export const LOG_PACKAGES_MAX = 4096;

/** Largest difference between a signed request's date and the server's clock. The service's limit. */
export const CLOCK_SKEW_MAX_MS: number = 15 * MINUTE_MS;

/** Log groups in one PullLogs answer; larger counts are clipped (sls-api §5.6). */
export const PULL_GROUPS_MAX = 1000;

/** Shards that CreateLogstore accepts (the console offers 10, the API 100). */
export const SHARD_COUNT_MAX = 100;

/** Shards that splitting, by hand or by itself, can reach. */
export const SPLIT_SHARD_COUNT_MAX = 256;

/** Days; a ttl of so many days means for ever (sls-api §5.2). */
export const TTL_DAYS_MAX = 3650;

/** Page sizes of lists (sls-api §5): the largest, and the default where a list names none. */
export const LIST_SIZE_MAX = 500;
export const LIST_SIZE_DEFAULT = 100;
export const LOGSTORE_LIST_SIZE_DEFAULT = 200;

/** Logs in one GetLogs answer. */
export const GET_LOGS_LINE_MAX = 100;

/** The service's window for log times around now; a server may be configured not to have one. */
export const LOG_TIME_PAST_MAX_MS: number = 7 * DAY_MS;
export const LOG_TIME_FUTURE_MAX_MS: number = 15 * MINUTE_MS;
