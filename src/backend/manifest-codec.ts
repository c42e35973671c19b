/**
 * The manifest of one shard as it is stored: JSON (UTF-8), `version` 1.
 *
 *   manifest/<logstoreId>/<shardId>/head
 *     { version, nextSequence, segments: SegmentInfo[], days: DayRecordInfo[] }
 *   manifest/<logstoreId>/<shardId>/day-YYYY-MM-DD[-n]
 *     { version, segments: SegmentInfo[] }
 *
 * The head is the truth: rows of sequences below `nextSequence` are in exactly one of its segments or of those
 * in the day records that it names. A day record that the head does not name means nothing. A segment may be
 * in the head and in a day record (a move that a crash cut short): readers go by its id.
 * Members of a SegmentInfo or DayRecordInfo that are optional are absent in records of servers that did not know them.
 * An absent head is { nextSequence: 1, segments: [], days: [] }.
 * History: 1 is the first.
 */
import { z } from 'zod';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { decodeJsonRecord, encodeJsonRecord } from '#meta/json-record.ts';

const DAMAGE = { code: 'ManifestDamaged', message: 'cannot read manifest' } as const;

const VERSION = 1;

export interface DayRecordInfo {
  /** Last part of the record's key. */
  readonly name: string;
  /** Bounds of what it holds; never too narrow, too wide after a part of it expired. */
  readonly segmentCount: number;
  readonly minTime: number;
  readonly maxTime: number;
  /** Bytes of their files; records of older servers do not say. */
  readonly fileBytes?: number | undefined;
}

export interface ManifestHead {
  /** The first sequence whose rows are in no committed segment. */
  readonly nextSequence: number;
  readonly segments: readonly SegmentInfo[];
  readonly days: readonly DayRecordInfo[];
}

export const EMPTY_HEAD: ManifestHead = Object.freeze({ nextSequence: 1, segments: [], days: [] });

const count = z.number().int().nonnegative();

const segmentInfo: z.ZodType<SegmentInfo> = z.object({
  id: z.string().regex(/^[A-Za-z0-9-]+$/u),
  shardId: count,
  firstSequence: count,
  nextSequence: count,
  rowCount: count,
  rawBytes: count,
  minTime: count,
  maxTime: count,
  maxReceiveTimeMs: z.number(),
  parquetBytes: count,
  indexBytes: count,
  indexHash: z.string().optional(),
  parquetCrc: count.optional(),
});

const headRecord = z.object({
  version: z.literal(VERSION),
  nextSequence: z.number().int().positive(),
  segments: z.array(segmentInfo),
  days: z.array(
    z.object({
      name: z.string().regex(/^day-\d{4}-\d\d-\d\d(?:-\d+)?$/u),
      segmentCount: count,
      minTime: count,
      maxTime: count,
      fileBytes: count.optional(),
    }),
  ),
});

const dayRecord = z.object({ version: z.literal(VERSION), segments: z.array(segmentInfo) });

export function manifestPrefix(logstoreId: string): string {
  return `manifest/${logstoreId}/`;
}

export function shardManifestPrefix(shard: ShardKey): string {
  return `${manifestPrefix(shard.logstoreId)}${shard.shardId}/`;
}

export function encodeHead(head: ManifestHead): Uint8Array {
  return encodeJsonRecord({ version: VERSION, ...head });
}

/** Errors: ManifestDamaged. */
export function decodeHead(key: string, value: Uint8Array): ManifestHead {
  const { version: _version, ...head } = decodeJsonRecord({ key, value }, headRecord, DAMAGE);
  return head;
}

export function encodeDay(segments: readonly SegmentInfo[]): Uint8Array {
  return encodeJsonRecord({ version: VERSION, segments });
}

/** Errors: ManifestDamaged. */
export function decodeDay(key: string, value: Uint8Array): readonly SegmentInfo[] {
  return decodeJsonRecord({ key, value }, dayRecord, DAMAGE).segments;
}
