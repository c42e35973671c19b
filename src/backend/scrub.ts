/**
 * Checking everything that is stored: each record of the shard logs, both files of each committed segment, the
 * manifests, and whether the BlobStore holds files that belong to nothing. L0 segments are left out: a restart
 * makes them anew. A segment that is replaced while it is checked is passed over, what replaces it was just
 * written.
 */
import { errorCode, errorMessage } from '#base/app-error.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { LogRecord, ShardKey, ShardLog } from '#loghub/shard-log.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import { verifySegment, type SegmentDamage } from '#segment/verify-segment.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { LIST_PAGE, READ_PAYLOAD_BYTES, READ_RECORDS_MAX, SCRUB_FINDINGS_MAX } from './limits.ts';
import { fileBytesOf } from './manifest.ts';
import { openSource } from './open-source.ts';
import { findForeignLogstores, findOrphanBlobs } from './orphan-blobs.ts';
import type { ScrubFinding, ScrubOptions, ScrubReport } from './scrub-report.ts';
import { blobKeyPrefix } from './segment-files.ts';
import type { SegmentRepairs } from './segment-repairs.ts';
import type { ShardIndexer } from './shard-indexer.ts';
import type { ShardSet } from './shard-set.ts';

export interface ScrubCollaborators {
  readonly shards: ShardSet;
  readonly shardLog: ShardLog;
  readonly blobStore: BlobStore;
  readonly repairs: SegmentRepairs;
  readonly files: Files;
  readonly clock: Clock;
}

/** As `Scrubber.scrub`. */
export async function scrubShards(
  options: ScrubOptions,
  collaborators: ScrubCollaborators,
): Promise<ScrubReport> {
  return new Scrub(options, collaborators).run();
}

interface ShardPlan {
  readonly shard: ShardKey;
  /** Undefined: no index, or a manifest that cannot be read. */
  readonly indexer: ShardIndexer | undefined;
  readonly segments: readonly SegmentInfo[];
  readonly firstSequence: number;
  readonly nextSequence: number;
}

/** Records read to learn how large those of a shard are. */
const SAMPLE_RECORDS = 64;

class Scrub {
  readonly #options: ScrubOptions;
  readonly #with: ScrubCollaborators;
  readonly #findings: ScrubFinding[] = [];
  #checkedBytes = 0;
  #totalBytes = 0;
  #segmentCount = 0;
  #recordCount = 0;

  constructor(options: ScrubOptions, collaborators: ScrubCollaborators) {
    this.#options = options;
    this.#with = collaborators;
  }

  async run(): Promise<ScrubReport> {
    const startMs = this.#with.clock.monotonicMs();
    const plans: ShardPlan[] = [];
    for (const logstore of this.#with.shards.logstores)
      for (const { shardId } of logstore.shards) plans.push(await this.#plan(logstore, shardId));
    for (const plan of plans) {
      await this.#checkLogFiles(plan);
      await this.#checkLog(plan);
      await this.#checkSegments(plan);
      await this.#checkOrphans(plan);
    }
    await this.#checkForeign();
    return {
      findings: this.#findings,
      checkedBytes: this.#checkedBytes,
      segmentCount: this.#segmentCount,
      recordCount: this.#recordCount,
      durationMs: this.#with.clock.monotonicMs() - startMs,
    };
  }

  async #plan(logstore: Logstore, shardId: number): Promise<ShardPlan> {
    this.#options.signal?.throwIfAborted();
    const shard = { logstoreId: logstore.id, shardId };
    const bounds = await this.#with.shardLog.bounds(shard);
    this.#totalBytes += await this.#estimateLog(shard, bounds);
    if (logstore.index === undefined) return { shard, ...bounds, indexer: undefined, segments: [] };
    let indexer: ShardIndexer | undefined;
    try {
      indexer = await this.#with.shards.indexer(shard);
      const segments = await indexer.manifest.all();
      this.#totalBytes += fileBytesOf(segments);
      return { shard, ...bounds, indexer, segments };
    } catch (error) {
      if (errorCode(error) !== 'ManifestDamaged') throw error;
      const { key } = (error as { readonly details: { readonly key?: unknown } }).details;
      this.#note({
        kind: 'manifest',
        ...shard,
        file: String(key),
        what: errorMessage(error),
        repaired: false,
      });
      // Orphans cannot be told without the whole manifest.
      return {
        shard,
        ...bounds,
        indexer: undefined,
        segments: indexer?.manifest.head.segments ?? [],
      };
    }
  }

  /** About the payload bytes of a shard's log, by its first records. */
  async #estimateLog(
    shard: ShardKey,
    bounds: { readonly firstSequence: number; readonly nextSequence: number },
  ): Promise<number> {
    const count = bounds.nextSequence - bounds.firstSequence;
    if (count === 0) return 0;
    try {
      const sample = await this.#with.shardLog.read(shard, bounds.firstSequence, {
        maxRecords: SAMPLE_RECORDS,
        maxPayloadBytes: READ_PAYLOAD_BYTES,
      });
      return sample.length === 0 ? 0 : Math.round((payloadBytes(sample) * count) / sample.length);
    } catch (error) {
      if (errorCode(error) !== 'ShardLogDamaged') throw error;
      return 0;
    }
  }

  /** What reading the records of a log does not show. */
  async #checkLogFiles({ shard, firstSequence, segments }: ShardPlan): Promise<void> {
    const { shardLog } = this.#with;
    const folder = `wal/${shard.logstoreId}/${shard.shardId}`;
    const note = (file: string, what: string): void =>
      this.#note({ kind: 'wal', ...shard, file, what, repaired: false });
    const damage = await shardLog.verify(shard);
    for (const { file, what } of damage) note(`wal/${file}`, what);
    if (damage.length > 0) return;
    // The ttl takes segments before it takes files of the log, so no segment is left whose logs it took.
    if (segments.some((info) => info.nextSequence <= firstSequence))
      note(folder, `records before sequence ${firstSequence} are missing, segments have them`);
    // Not the bounds of the plan: commits go on while it is made.
    const { nextSequence } = await shardLog.bounds(shard);
    if (segments.some((info) => info.nextSequence > nextSequence))
      note(folder, `records from sequence ${nextSequence} on are missing, segments have them`);
  }

  async #checkLog({ shard, firstSequence, nextSequence }: ShardPlan): Promise<void> {
    let sequence = firstSequence;
    let end = nextSequence;
    while (sequence < end) {
      const options = {
        maxRecords: Math.min(READ_RECORDS_MAX, end - sequence),
        maxPayloadBytes: READ_PAYLOAD_BYTES,
      };
      try {
        const records = await this.#with.shardLog.read(shard, sequence, options);
        const last = records.at(-1);
        // What the ttl took meanwhile needs no check.
        if (last === undefined) return;
        this.#recordCount += records.length;
        this.#progress(payloadBytes(records));
        sequence = last.sequence + 1;
        if (sequence >= end) end = nextSequence;
      } catch (error) {
        if (errorCode(error) !== 'ShardLogDamaged') throw error;
        const { firstDamaged, resumeAt } = damageOf(error);
        if (firstDamaged > sequence) {
          // The sound records before the damage first.
          end = firstDamaged;
          continue;
        }
        this.#note({
          kind: 'wal',
          ...shard,
          file: `wal/${shard.logstoreId}/${shard.shardId}`,
          what: `${resumeAt - sequence} records from sequence ${sequence} on cannot be read`,
          repaired: false,
        });
        sequence = resumeAt;
        end = nextSequence;
      }
    }
  }

  async #checkSegments(plan: ShardPlan): Promise<void> {
    const damaged: { readonly info: SegmentInfo; readonly damage: readonly SegmentDamage[] }[] = [];
    for (const info of plan.segments) {
      const damage = await this.#checkSegment(plan, info);
      if (damage.length > 0) damaged.push({ info, damage });
      this.#segmentCount++;
      this.#progress(fileBytesOf([info]));
    }
    // All of them are known before the first is built again: what is left of the log may be enough then.
    for (const { info } of damaged) this.#with.repairs.noteDamaged(info.id);
    for (const { info, damage } of damaged) {
      const repaired = this.#options.repair && (await this.#repair(plan.shard, info));
      for (const { kind, what } of damage)
        this.#note({
          kind,
          ...plan.shard,
          file: `${blobKeyPrefix(plan.shard, info.id)}.${kind === 'index' ? 'idx' : 'parquet'}`,
          what,
          repaired,
        });
    }
  }

  async #checkSegment(plan: ShardPlan, info: SegmentInfo): Promise<readonly SegmentDamage[]> {
    const { blobStore } = this.#with;
    const keyPrefix = blobKeyPrefix(plan.shard, info.id);
    await using opened = new AsyncDisposableStack();
    const missing: SegmentDamage[] = [];
    const sources: ByteSource[] = [];
    for (const [kind, extension] of FILE_KINDS) {
      try {
        const blob = opened.use(await blobStore.openLocal(`${keyPrefix}.${extension}`));
        sources.push(await openSource(this.#with.files, blob.path, opened));
      } catch (error) {
        if (errorCode(error) !== 'BlobNotExist') throw error;
        missing.push({ kind, what: 'the file is missing' });
      }
    }
    const [idx, parquet] = sources;
    const { signal } = this.#options;
    signal?.throwIfAborted();
    if (idx !== undefined && parquet !== undefined)
      return await verifySegment({ info, idx, parquet, signal });
    const present = (await plan.indexer?.manifest.all()) ?? plan.segments;
    return present.some(({ id }) => id === info.id) ? missing : [];
  }

  async #repair(shard: ShardKey, info: SegmentInfo): Promise<boolean> {
    try {
      return (await this.#with.repairs.repair(shard, info.id)) !== 'lost';
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (errorCode(error) === 'LogStoreNotExist') return true;
      // It is in the log of the server; the other findings are worth having.
      return false;
    }
  }

  async #checkOrphans({ indexer }: ShardPlan): Promise<void> {
    if (indexer === undefined) return;
    await findOrphanBlobs(indexer, this.#with.blobStore, (key) =>
      this.#noteOrphan(indexer.shard, key),
    );
  }

  /** Files of logstores that are not there any more. */
  async #checkForeign(): Promise<void> {
    const { blobStore, shards } = this.#with;
    const isKnown = (id: string): boolean => shards.logstore(id) !== undefined;
    for await (const logstoreId of findForeignLogstores(blobStore, isKnown)) {
      let after: string | undefined;
      for (;;) {
        const keys = await blobStore.list(`seg/${logstoreId}/`, { after, limit: LIST_PAGE });
        for (const key of keys)
          await this.#noteOrphan({ logstoreId, shardId: Number(key.split('/')[2]) }, key);
        if (keys.length < LIST_PAGE) break;
        after = keys.at(-1);
      }
    }
  }

  async #noteOrphan(shard: ShardKey, key: string): Promise<void> {
    const { repair } = this.#options;
    if (repair) await this.#with.blobStore.delete(key);
    const what = 'no manifest names the file';
    this.#note({ kind: 'orphan', ...shard, file: key, what, repaired: repair });
  }

  #note(finding: ScrubFinding): void {
    this.#options.onFinding?.(finding);
    if (this.#findings.length < SCRUB_FINDINGS_MAX) this.#findings.push(finding);
  }

  #progress(bytes: number): void {
    this.#options.signal?.throwIfAborted();
    this.#checkedBytes += bytes;
    this.#totalBytes = Math.max(this.#totalBytes, this.#checkedBytes);
    this.#options.onProgress?.({
      checkedBytes: this.#checkedBytes,
      totalBytes: this.#totalBytes,
      segmentCount: this.#segmentCount,
      recordCount: this.#recordCount,
    });
  }
}

const FILE_KINDS = [
  ['index', 'idx'],
  ['rows', 'parquet'],
] as const;

function payloadBytes(records: readonly LogRecord[]): number {
  return records.reduce((sum, { payload }) => sum + payload.length, 0);
}

function damageOf(error: unknown): { readonly firstDamaged: number; readonly resumeAt: number } {
  const { details } = error as { readonly details: Readonly<Record<string, unknown>> };
  return { firstDamaged: Number(details['firstDamaged']), resumeAt: Number(details['resumeAt']) };
}
