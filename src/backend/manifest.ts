/**
 * The list of committed segments of one shard, in the MetaStore (`manifest-codec.ts` has the records). Every
 * change is one compare-and-set of the head; moving segments to a day record writes that record first. Changes
 * of one manifest run one after the other; a lost compare-and-set means that another process owns the shard
 * (ManifestConflict), and the copy in memory is read again.
 */
import { AppError } from '#base/app-error.ts';
import type { ShardBounds, ShardKey } from '#loghub/shard-log.ts';
import { ABSENT, type MetaStore } from '#meta/meta-store.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { DAY_SEGMENTS_MAX, HEAD_SEGMENTS_KEPT, HEAD_SEGMENTS_MAX, LIST_PAGE } from './limits.ts';
import {
  decodeDay,
  decodeHead,
  EMPTY_HEAD,
  encodeDay,
  encodeHead,
  shardManifestPrefix,
  type DayRecordInfo,
  type ManifestHead,
} from './manifest-codec.ts';

interface Stored<T> {
  readonly revision: number;
  readonly value: T;
}

export class ShardManifest {
  readonly #store: MetaStore;
  readonly #prefix: string;
  #head: Stored<ManifestHead>;
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(store: MetaStore, prefix: string, head: Stored<ManifestHead>) {
    this.#store = store;
    this.#prefix = prefix;
    this.#head = head;
  }

  static async load(store: MetaStore, shard: ShardKey): Promise<ShardManifest> {
    const prefix = shardManifestPrefix(shard);
    return new ShardManifest(store, prefix, await readHead(store, prefix));
  }

  /** The present head; what it holds never changes, it is replaced. */
  get head(): ManifestHead {
    return this.#head.value;
  }

  /**
   * Makes the rows of the sequences up to `nextSequence` visible: in the segments, or nowhere when there are none
   * because they hold no log. Durable when it resolves. Errors: ManifestConflict.
   */
  commit(added: readonly SegmentInfo[], nextSequence: number): Promise<void> {
    return this.#change(async () => {
      const { segments, days } = this.head;
      await this.#writeHead({ nextSequence, segments: [...segments, ...added], days });
    });
  }

  /**
   * Puts segments in the place of others with the same rows, in one compare-and-set. False, and nothing changed,
   * when one of the others is not there any more. Errors: ManifestConflict.
   */
  replace(removed: readonly SegmentInfo[], added: readonly SegmentInfo[]): Promise<boolean> {
    const removedIds = new Set(removed.map(({ id }) => id));
    return this.#change(async () => {
      const { nextSequence, segments } = this.head;
      const inDays = await this.#withoutInDays(removed);
      const found = [...segments.filter(({ id }) => removedIds.has(id)), ...inDays.removed];
      if (new Set(found.map(({ id }) => id)).size < removedIds.size) return false;
      const kept = segments.filter(({ id }) => !removedIds.has(id));
      const next = [...kept, ...added].sort((a, b) => a.firstSequence - b.firstSequence);
      await this.#writeHead({ nextSequence, segments: next, days: inDays.days });
      for (const name of inDays.dropped) await this.#deleteRecord(name);
      return true;
    });
  }

  /**
   * Keeps the head small: once it is long, segments for which `isSettled` holds move to day records, and when that
   * is not enough all but the newest.
   */
  moveOld(isSettled: (segment: SegmentInfo) => boolean): Promise<void> {
    return this.#change(async () => {
      const { segments } = this.head;
      if (segments.length <= HEAD_SEGMENTS_MAX) return;
      const older = segments.slice(0, -HEAD_SEGMENTS_KEPT);
      const settled = older.filter(isSettled);
      const isEnough = segments.length - settled.length <= HEAD_SEGMENTS_MAX / 2;
      await this.#moveToDays(isEnough ? settled : older);
    });
  }

  /** Drops segments whose newest group was received before the time, and returns them. */
  expire(receivedBeforeMs: number): Promise<readonly SegmentInfo[]> {
    const isOld = (segment: SegmentInfo): boolean => segment.maxReceiveTimeMs < receivedBeforeMs;
    return this.#change(async () => {
      const dropped = this.head.segments.filter(isOld);
      const emptied: string[] = [];
      for (const day of this.head.days) {
        const stored = await this.#readDay(day.name);
        const old = stored.value.filter(isOld);
        const left = stored.value.filter((segment) => !isOld(segment));
        dropped.push(...old);
        if (left.length === 0) emptied.push(day.name);
        else if (old.length > 0) await this.#writeDay(day.name, left, stored.revision);
      }
      if (dropped.length === 0 && emptied.length === 0) return [];
      const { nextSequence, segments, days } = this.head;
      await this.#writeHead({
        nextSequence,
        segments: segments.filter((segment) => !isOld(segment)),
        days: days.filter((day) => !emptied.includes(day.name)),
      });
      for (const name of emptied) await this.#deleteRecord(name);
      return uniqueById(dropped);
    });
  }

  /** Forgets every segment, goes on at the sequence, and returns what it forgot. */
  reset(nextSequence: number): Promise<readonly SegmentInfo[]> {
    return this.#change(async () => {
      const dropped = await this.#allOf(this.head);
      const { days } = this.head;
      await this.#writeHead({ nextSequence, segments: [], days: [] });
      for (const day of days) await this.#deleteRecord(day.name);
      return dropped;
    });
  }

  /**
   * Goes back when the shard log ends before what is said to be in segments: after a loss of power without fsync, or of
   * files of the log. Its next logs would else never be indexed. The segments stay; those whose logs the log has lost
   * are all that is left of them. True when it had to.
   */
  rewind(log: ShardBounds): Promise<boolean> {
    return this.#change(async () => {
      const { nextSequence, segments, days } = this.head;
      if (nextSequence <= log.nextSequence) return false;
      const ends = (await this.#allOf(this.head)).map((info) => info.nextSequence);
      const sure = Math.max(log.firstSequence, ...ends);
      await this.#writeHead({ nextSequence: Math.min(log.nextSequence, sure), segments, days });
      return true;
    });
  }

  /**
   * Segments of a head that may hold log times in [fromTime, toTime), Unix seconds. Undefined when the day records
   * have changed since: they would tell of segments that the head does not know, or no longer of some it does.
   */
  async segmentsOf(
    head: ManifestHead,
    range: { readonly fromTime: number; readonly toTime: number },
  ): Promise<readonly SegmentInfo[] | undefined> {
    const days = head.days.filter((day) => overlaps(day, range));
    const inHead = head.segments.filter((segment) => overlaps(segment, range));
    if (days.length === 0) return inHead;
    return this.#change(async () => {
      if (head.days !== this.head.days) return undefined;
      const segments = [...inHead];
      for (const { name } of days)
        segments.push(
          ...(await this.#namedDay(name)).filter((segment) => overlaps(segment, range)),
        );
      return uniqueById(segments);
    });
  }

  all(): Promise<readonly SegmentInfo[]> {
    return this.#change(() => this.#allOf(this.head));
  }

  /** Reads the head again, after a change whose outcome is not known. */
  reload(): Promise<void> {
    return this.#change(async () => {
      this.#head = await readHead(this.#store, this.#prefix);
    });
  }

  async #allOf(head: ManifestHead): Promise<readonly SegmentInfo[]> {
    const segments = [...head.segments];
    for (const { name } of head.days) segments.push(...(await this.#namedDay(name)));
    return uniqueById(segments);
  }

  /** A record that the head names. Errors: ManifestDamaged, also when it is not there. */
  async #namedDay(name: string): Promise<readonly SegmentInfo[]> {
    const { revision, value } = await this.#readDay(name);
    if (revision === ABSENT)
      throw new AppError('ManifestDamaged', 'cannot read manifest', {
        details: { key: this.#prefix + name },
      });
    return value;
  }

  /** Moves segments of the head to the records of the days they were received. */
  async #moveToDays(moved: readonly SegmentInfo[]): Promise<void> {
    const { nextSequence, segments } = this.head;
    let { days } = this.head;
    for (const [day, group] of Map.groupBy(moved, receiveDay)) {
      for (let start = 0; start < group.length;) {
        const record = this.#recordWithRoom(days, day);
        const part = group.slice(start, start + DAY_SEGMENTS_MAX - record.segmentCount);
        days = await this.#addToDay(days, record, part);
        start += part.length;
      }
    }
    const left = segments.filter((segment) => !moved.includes(segment));
    await this.#writeHead({ nextSequence, segments: left, days });
  }

  /**
   * The day records without some segments. What is left of a record gets a new one: until the head names that, the
   * old one counts. Segments are only ever in the records of the days that they were received.
   */
  async #withoutInDays(segments: readonly SegmentInfo[]): Promise<{
    readonly days: readonly DayRecordInfo[];
    readonly removed: readonly SegmentInfo[];
    readonly dropped: readonly string[];
  }> {
    const ids = new Set(segments.map(({ id }) => id));
    const received = new Set(segments.map(receiveDay));
    const removed: SegmentInfo[] = [];
    const dropped: string[] = [];
    let { days } = this.head;
    for (const day of this.head.days) {
      const prefix = day.name.slice(0, DAY_NAME_LENGTH);
      if (!received.has(prefix)) continue;
      const stored = await this.#namedDay(day.name);
      const hits = stored.filter(({ id }) => ids.has(id));
      if (hits.length === 0) continue;
      removed.push(...hits);
      dropped.push(day.name);
      const left = stored.filter(({ id }) => !ids.has(id));
      const name = freeName([...this.head.days, ...days], prefix);
      days = days.filter((one) => one.name !== day.name);
      if (left.length > 0) days = await this.#addToDay(days, emptyRecord(name), left);
    }
    return { days, removed, dropped };
  }

  #recordWithRoom(days: readonly DayRecordInfo[], day: string): DayRecordInfo {
    const last = days.findLast(({ name }) => name.slice(0, DAY_NAME_LENGTH) === day);
    if (last !== undefined && last.segmentCount < DAY_SEGMENTS_MAX) return last;
    return emptyRecord(freeName(days, day));
  }

  /** Writes the record; the head that names it follows. */
  async #addToDay(
    days: readonly DayRecordInfo[],
    record: DayRecordInfo,
    added: readonly SegmentInfo[],
  ): Promise<readonly DayRecordInfo[]> {
    const stored = await this.#readDay(record.name);
    const named = days.some(({ name }) => name === record.name);
    // A record that the head does not name is left over from a move that a crash cut short.
    const segments = uniqueById([...(named ? stored.value : []), ...added]);
    await this.#writeDay(record.name, segments, stored.revision);
    const next: DayRecordInfo = {
      name: record.name,
      segmentCount: segments.length,
      minTime: Math.min(...segments.map((segment) => segment.minTime)),
      maxTime: Math.max(...segments.map((segment) => segment.maxTime)),
      fileBytes: fileBytesOf(segments),
    };
    return named ? days.map((day) => (day.name === next.name ? next : day)) : [...days, next];
  }

  async #readDay(name: string): Promise<Stored<readonly SegmentInfo[]>> {
    const key = this.#prefix + name;
    const entry = await this.#store.get(key);
    if (entry === undefined) return { revision: ABSENT, value: [] };
    return { revision: entry.revision, value: decodeDay(key, entry.value) };
  }

  async #writeDay(name: string, segments: readonly SegmentInfo[], revision: number): Promise<void> {
    const key = this.#prefix + name;
    if ((await this.#store.compareAndSet(key, encodeDay(segments), revision)) === undefined)
      throw conflict(key);
  }

  async #writeHead(head: ManifestHead): Promise<void> {
    const key = `${this.#prefix}head`;
    const value = encodeHead(head);
    const revision = await this.#store.compareAndSet(key, value, this.#head.revision);
    if (revision === undefined) throw conflict(key);
    this.#head = { revision, value: head };
  }

  async #deleteRecord(name: string): Promise<void> {
    const entry = await this.#store.get(this.#prefix + name);
    if (entry !== undefined) await this.#store.delete(entry.key, entry.revision);
  }

  async #change<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => {});
    return done;
  }
}

/** Whether [minTime, maxTime] meets [fromTime, toTime). */
export function overlaps(
  one: { readonly minTime: number; readonly maxTime: number },
  range: { readonly fromTime: number; readonly toTime: number },
): boolean {
  return one.maxTime >= range.fromTime && one.minTime < range.toTime;
}

/** Removes every record under the prefix; for shards that are gone. */
export async function deleteManifests(store: MetaStore, prefix: string): Promise<void> {
  for (;;) {
    const entries = await store.list(prefix, { limit: LIST_PAGE });
    if (entries.length === 0) return;
    for (const { key, revision } of entries) await store.delete(key, revision);
  }
}

async function readHead(store: MetaStore, prefix: string): Promise<Stored<ManifestHead>> {
  const key = `${prefix}head`;
  const entry = await store.get(key);
  if (entry === undefined) return { revision: ABSENT, value: EMPTY_HEAD };
  return { revision: entry.revision, value: decodeHead(key, entry.value) };
}

/** Bytes of the files of the segments. */
export function fileBytesOf(segments: readonly SegmentInfo[]): number {
  return segments.reduce((sum, { parquetBytes, indexBytes }) => sum + parquetBytes + indexBytes, 0);
}

/** Characters of `day-YYYY-MM-DD`, to which the number of the record is added. */
const DAY_NAME_LENGTH = 14;

function receiveDay({ maxReceiveTimeMs }: SegmentInfo): string {
  return `day-${new Date(maxReceiveTimeMs).toISOString().slice(0, 10)}`;
}

function freeName(days: readonly DayRecordInfo[], day: string): string {
  const names = new Set(days.map(({ name }) => name));
  let name = day;
  for (let part = 2; names.has(name); part++) name = `${day}-${part}`;
  return name;
}

function emptyRecord(name: string): DayRecordInfo {
  return { name, segmentCount: 0, minTime: Number.MAX_SAFE_INTEGER, maxTime: 0 };
}

function uniqueById(segments: readonly SegmentInfo[]): readonly SegmentInfo[] {
  return [...new Map(segments.map((segment) => [segment.id, segment])).values()];
}

function conflict(key: string): AppError {
  return new AppError('ManifestConflict', 'another process changed the manifest', {
    details: { key },
  });
}
