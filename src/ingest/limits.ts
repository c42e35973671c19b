/** Bounds of the write path, each with the reason for its number. */
import { MIB } from '#base/units.ts';

/**
 * Bodies of writes that wait for their append, together. A shard's log takes tens of MB/s, so this is
 * seconds of backlog; beyond it clients are told ServerBusy and keep the logs themselves. Decompressed
 * bytes do not count: they live only while one body is checked, and one is checked at a time.
 */
export const IN_FLIGHT_BYTES_MAX: number = 256 * MIB;

/** Logstores whose turn among the shards is remembered; when full, all start again at their first shard. */
export const ROUND_ROBIN_LOGSTORES_MAX = 10_000;

/** What the log keeps of a sender's address; enough for IPv6 with a zone. */
export const CLIENT_ADDRESS_CHARACTERS_MAX = 64;
