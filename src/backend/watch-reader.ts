/** Noticing that a segment cannot be read, whoever reads it and when. */
import { errorCode } from '#base/app-error.ts';
import type { SegmentReader } from '#segment/segment.ts';

const DAMAGE_CODES: ReadonlySet<string> = new Set([
  'SegmentDamaged',
  'SegmentVersionUnknown',
  'FileDamaged',
]);

/** Whether an error means that the files of a segment have to be built again. */
export function isDamage(error: unknown): boolean {
  return DAMAGE_CODES.has(errorCode(error) ?? '');
}

/** The same reader; damage that its methods meet goes through `onDamage`, and what that gives is thrown. */
export function watchReader<T extends SegmentReader>(
  reader: T,
  onDamage: (error: unknown) => Promise<unknown>,
): T {
  const watched = async (result: Promise<unknown>): Promise<unknown> => {
    try {
      return await result;
    } catch (error) {
      if (isDamage(error)) throw await onDamage(error);
      throw error;
    }
  };
  // A proxy, because a reader has fields of its own kind and this must not have to name them.
  return new Proxy(reader, {
    get: (target, name): unknown => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, parameters);
        return result instanceof Promise ? watched(result) : result;
      };
    },
  });
}
