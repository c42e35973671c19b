/** Bounds of the hot loops. */
import { KIB, MIB } from '#base/units.ts';

/**
 * Bytes of one value that are searchable (sls-query §1.2). Part of the service's documented behaviour, so
 * it must not change without a new index format version.
 */
export const SEARCHABLE_VALUE_BYTES_MAX: number = 512 * KIB;

/**
 * Memory of a thread's posting kernel that is kept between tasks: a list of a million rows. Longer ones are few in a
 * segment, so that a new instance for each of them costs nothing.
 */
export const POSTING_KERNEL_BYTES_MAX: number = 8 * MIB;
