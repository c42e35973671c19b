/** Bounds of the meta room. */
import { GIB, KIB, MIB } from '#base/units.ts';

/** A key names things whose own names have at most 63 bytes each; several fit. */
export const KEY_CHARACTERS_MAX = 512;

/** The smallest default message bound of the engines behind the port is 1 MiB (NATS). */
export const VALUE_BYTES_MAX: number = 1 * MIB;

/** Room for 100 000 records of 80 KB; more in the embedded store means that something leaks. */
export const LMDB_BYTES_MAX: number = 8 * GIB;

/** Address space taken at open, so that the map of a usual store never moves; the file is as small as it can. */
export const LMDB_MAP_BYTES: number = 1 * GIB;

/** Compare-and-sets that may wait at once; each holds its value in memory. */
export const LMDB_PENDING_MAX = 4096;

/** Logstores kept decoded; 800 shards a project times some hundred projects stay below it. */
export const CATALOG_CACHE_ENTRIES_MAX = 50_000;

/** Entries asked for in one list call when everything under a prefix is walked. */
export const CATALOG_PAGE_ENTRIES = 500;

/** Losing a compare-and-set means that another writer won; this many in a row mean a fault. */
export const CATALOG_RETRIES_MAX = 32;

/** An index configuration is the only part of a record that users make large. */
export const CATALOG_RECORD_BYTES_MAX: number = VALUE_BYTES_MAX - 4 * KIB;
