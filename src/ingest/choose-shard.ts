/** Which shard a write goes to. */
import { AppError } from '#base/app-error.ts';
import type { Logstore, Shard } from '#meta/catalog-types.ts';
import { findByKey, normalizeHashKey } from '#protocol/hash-key.ts';
import { ROUND_ROBIN_LOGSTORES_MAX } from './limits.ts';

/** Remembers, by logstore, whose turn it is. */
export class ShardChooser {
  readonly #turns: Map<string, number> = new Map();

  /**
   * The readwrite shard whose range holds the hash key; without one (undefined or empty), each readwrite
   * shard in turn. Errors: ParameterInvalid (bad key), LogStoreWithoutShard.
   */
  choose(logstore: Logstore, hashKey: string | undefined): Shard {
    const writable = logstore.shards.filter((shard) => shard.status === 'readwrite');
    const shard =
      hashKey === undefined || hashKey === ''
        ? writable[this.#nextTurn(logstore.id) % Math.max(writable.length, 1)]
        : findByKey(writable, normalizeHashKey(hashKey));
    if (shard === undefined) {
      throw new AppError(
        'LogStoreWithoutShard',
        `logstore ${logstore.logstoreName} has no shard for this write`,
      );
    }
    return shard;
  }

  #nextTurn(logstoreId: string): number {
    const turn = this.#turns.get(logstoreId) ?? 0;
    if (this.#turns.size >= ROUND_ROBIN_LOGSTORES_MAX && !this.#turns.has(logstoreId)) {
      this.#turns.clear();
    }
    this.#turns.set(logstoreId, turn + 1);
    return turn;
  }
}
