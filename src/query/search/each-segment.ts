/** Work on several segments at a time. */
import { SEGMENTS_AT_ONCE } from '../limits.ts';

/**
 * Does `work` with each segment, `SEGMENTS_AT_ONCE` at a time, until one answers false or fails. Ends when no work is
 * under way any more, so that the segments may be released; throws what failed first.
 */
export async function eachSegment<T>(
  segments: readonly T[],
  work: (segment: T) => Promise<boolean>,
): Promise<void> {
  let next = 0;
  let failure: { readonly reason: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (next < segments.length) {
      try {
        if (!(await work(segments[next++] as T))) next = segments.length;
      } catch (error) {
        failure ??= { reason: error };
        next = segments.length;
      }
    }
  };
  await Promise.all(Array.from({ length: SEGMENTS_AT_ONCE }, lane));
  if (failure !== undefined) throw failure.reason;
}
