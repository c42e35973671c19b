/** Bounds of the hot loops. */
import { KIB } from '#base/units.ts';

/**
 * Bytes of one value that are searchable (sls-query §1.2). Part of the service's documented behaviour, so
 * it must not change without a new index format version.
 */
export const SEARCHABLE_VALUE_BYTES_MAX: number = 512 * KIB;
