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

/** Memory of a thread's inspecting kernel that is kept between bodies: agents and SDKs send 3 to 5 MB at most. */
export const INSPECT_KERNEL_BYTES_MAX: number = 16 * MIB;

/** Bytes that the kernel takes at once of what lives outside of it: fits the second-level cache with what is read. */
export const KERNEL_WINDOW_BYTES: number = 64 * KIB;

/** Below so many bytes calling the kernel costs more than it saves (measured: CRC32C breaks even at some 60). */
export const KERNEL_WINDOW_BYTES_MIN = 64;

/**
 * Raw bytes and records that the build kernel takes blocks for at first: those of one L0 segment. A larger build
 * takes larger blocks; 90 times as many bytes of addresses, 36 MB are all that 32 bits can address.
 */
export const BUILD_BYTES_MIN: number = 17 * MIB;
export const BUILD_RECORDS_MIN: number = 16 * KIB;
