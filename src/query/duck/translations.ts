/** Translations of statements, kept for their repetition: what does not change takes the process some milliseconds each time. */
import { createHash } from 'node:crypto';
import { BlockCache } from '#segment/block-cache.ts';
import type { SqlRequest } from '../sql/request.ts';
import type { DuckTasks } from './duck-messages.ts';

export type Translation = DuckTasks['translate']['answer'];

export class Translations {
  readonly #kept: BlockCache;

  /** `bytesMax`: the least recently used make room. */
  constructor(options: { readonly bytesMax: number }) {
    this.#kept = new BlockCache(options.bytesMax);
  }

  /** What `translate` gives, or gave for a request that means the same. Errors: those of `translate`. */
  async get(request: SqlRequest, translate: () => Promise<Translation>): Promise<Translation> {
    const key = keyOf(request);
    if (key === undefined) return await translate();
    let isOwn = false;
    try {
      return await this.#kept.get(key, async () => {
        isOwn = true;
        const value = await translate();
        return { value, sizeBytes: 2 * (key.length + JSON.stringify(value).length) };
      });
    } catch (error) {
      if (isOwn) throw error;
      // It was waited for, and whoever asked for it may have been stopped.
      return await translate();
    }
  }
}

/** Nothing that a translation depends on may be missing. Undefined: it depends on the moment. */
function keyOf(request: SqlRequest): string | undefined {
  // The ranges of relations are constant expressions, which `now()` may be in.
  if (request.logstore === undefined) return undefined;
  const { fromTime, toTime, ...lasting } = request;
  const range = /time_series/iu.test(request.text) ? [fromTime, toTime] : [];
  return createHash('sha256')
    .update(JSON.stringify([lasting, ...range]))
    .digest('base64');
}
