/**
 * The MetaStore port: small records under a key, each with a revision. Implementations: `lmdb/`; later
 * NATS KV. All pass `meta-store.contract.ts`. There is no transaction over several keys, on purpose: the
 * cluster engine has none, so every invariant must fit in one record or be repaired by idempotent steps.
 *
 * Keys: 1–512 characters of `A–Z a–z 0–9 _ - = . /`, not starting or ending with `/` or `.`.
 * Values: at most 1 MiB.
 */
export interface MetaEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Grows with every change of the key; never 0. */
  readonly revision: number;
}

export interface MetaChange {
  readonly key: string;
  /** Undefined when the key was deleted. */
  readonly entry: MetaEntry | undefined;
}

/** For `compareAndSet`: the key must not exist. */
export const ABSENT = 0;

export interface MetaStore {
  get(key: string): Promise<MetaEntry | undefined>;
  /**
   * Writes when the key's revision is `expectedRevision` (`ABSENT`: when there is no such key). Durable
   * when it resolves. Returns the new revision, or undefined when somebody else was first.
   */
  compareAndSet(
    key: string,
    value: Uint8Array,
    expectedRevision: number,
  ): Promise<number | undefined>;
  /** Deletes when the revision still matches; false when it does not (or there is no such key). */
  delete(key: string, expectedRevision: number): Promise<boolean>;
  /** Entries whose key starts with `prefix`, sorted by key bytes, strictly after `after`, at most `limit`. */
  list(
    prefix: string,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly MetaEntry[]>;
  /** Calls the listener for every change under the prefix that is made after the call. */
  watch(prefix: string, listener: (change: MetaChange) => void): Disposable;
  close(): Promise<void>;
}
