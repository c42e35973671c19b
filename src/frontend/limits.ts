/** Bounds of the HTTP doors, each with the reason for its number. */
import { HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from '#base/units.ts';

/** A PutLogs body is at most 10 MB raw; uncompressed bodies, JSON text and batch framing need some more. */
export const BODY_BYTES_MAX: number = 16 * MIB;

/** Bodies of calls that carry a small JSON document. An index of 500 fields is well below. */
export const JSON_BODY_BYTES_MAX: number = 2 * MIB;

/** All request bodies in memory together; beyond it new bodies are refused with ServerBusy. */
export const BODIES_BYTES_MAX: number = 256 * MIB;

/** Request line and headers together. A query text of 16 KiB percent-encoded triples. */
export const HEADER_BYTES_MAX: number = 64 * KIB;

/** A client must have sent its headers after this long … */
export const HEADERS_TIMEOUT_MS: number = 15 * SECOND_MS;

/** … and the whole request after this long (10 MB at 1.4 Mbit/s). */
export const REQUEST_TIMEOUT_MS: number = MINUTE_MS;

/** Idle keep-alive; longer than the pauses of SDK consumers (up to 20 s) and of common proxies (60 s). */
export const KEEP_ALIVE_TIMEOUT_MS: number = 75 * SECOND_MS;

/** A connection on which nothing moves at all, whatever its state, is cut. Longer than any query may take. */
export const SOCKET_IDLE_TIMEOUT_MS: number = 2 * MINUTE_MS;

/** How often Node looks for connections over their time. */
export const CONNECTION_CHECK_INTERVAL_MS: number = 5 * SECOND_MS;

/** Open sockets; beyond it new ones are closed at once. Leaves file descriptors (often 4096+) for the stores. */
export const CONNECTIONS_MAX = 2048;

/** Decompressed log groups of one PullLogs answer (sls-api §5.6). At least one group is returned. */
export const PULL_RAW_BYTES_MAX: number = 10 * MIB;

/** Payload bytes taken from the log in one read while an answer is put together. */
export const PULL_READ_BYTES: number = 2 * MIB;

/** Damaged ranges passed over in one PullLogs call; the next call goes on. */
export const PULL_DAMAGE_SKIPS_MAX = 100;

/** Node clients refuse answers with more than 16 KiB of headers; these keep the sum below. */
export const QUERY_HEADER_BYTES_MAX: number = 2 * KIB;
export const QUERY_INFO_HEADER_BYTES_MAX: number = 8 * KIB;

/** Query parameters of one request; no operation has more than 20. */
export const QUERY_PARAMETERS_MAX = 200;

/** A console session; then the operator signs in again. */
export const SESSION_MS: number = 12 * HOUR_MS;

/** Failed sign-ins per address and minute: slow enough against guessing, enough for typing errors. */
export const SIGN_IN_FAILURES_MAX = 10;
export const SIGN_IN_WINDOW_MS: number = MINUTE_MS;

/** Addresses remembered for it; when full, the oldest is forgotten. */
export const SIGN_IN_ADDRESSES_MAX = 10_000;

/** The built console is a few files; more means a wrong directory. */
export const CONSOLE_FILES_MAX = 1000;
export const CONSOLE_BYTES_MAX: number = 64 * MIB;

/** After a request to stop, running requests have this long. */
export const DRAIN_MS: number = 20 * SECOND_MS;

/** A live tail without logs sends a comment this often; proxies close connections that are silent for 30 s or more. */
export const TAIL_HEARTBEAT_MS: number = 10 * SECOND_MS;
