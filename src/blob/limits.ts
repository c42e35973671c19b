/** Bounds of the blob room. */
import { MIB } from '#base/units.ts';

/** Half of what S3 allows, so that a bucket may put a prefix of its own before the key. */
export const KEY_CHARACTERS_MAX = 512;

/** Bytes in memory at a time while a file is copied between two file systems. */
export const COPY_CHUNK_BYTES: number = 1 * MIB;

/** One read brings a part of a blob into memory; larger ones go through `openLocal`. */
export const READ_BYTES_MAX: number = 64 * MIB;
