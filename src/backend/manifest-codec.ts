/**
 * The manifest of one shard as it is stored: JSON (UTF-8), `version` 1.
 *
 *   manifest/<logstoreId>/<shardId>/head
 *     { version, nextSequence, segments: SegmentInfo[], days: DayRecordInfo[], crc }
 *   manifest/<logstoreId>/<shardId>/day-YYYY-MM-DD[-n]
 *     { version, segments: SegmentInfo[], crc }
 *
 * `crc` is the last member: the CRC-32 (that of zlib), in decimal, of the bytes of the same record without it, which are
 * those before `,"crc":` and a brace. The MetaStore has no checksums of its own. Records of older servers lack it and
 * are taken as they are; a record whose checksum is wrong is damaged.
 *
 * The head is the truth: rows of sequences below `nextSequence` are in exactly one of its segments or of those
 * in the day records that it names. A day record that the head does not name means nothing. A segment may be
 * in the head and in a day record (a move that a crash cut short): readers go by its id.
 * Members of a SegmentInfo or DayRecordInfo that are optional are absent in records of servers that did not know them.
 * An absent head is { nextSequence: 1, segments: [], days: [] }.
 * History: 1 is the first.
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { AppError } from '#base/app-error.ts';
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
  return withChecksum(encodeJsonRecord({ version: VERSION, ...head }));
}

/** Errors: ManifestDamaged. */
export function decodeHead(key: string, value: Uint8Array): ManifestHead {
  checkRecord(key, value);
  const { version: _version, ...head } = decodeJsonRecord({ key, value }, headRecord, DAMAGE);
  return head;
}

export function encodeDay(segments: readonly SegmentInfo[]): Uint8Array {
  return withChecksum(encodeJsonRecord({ version: VERSION, segments }));
}

/** Errors: ManifestDamaged. */
export function decodeDay(key: string, value: Uint8Array): readonly SegmentInfo[] {
  checkRecord(key, value);
  return decodeJsonRecord({ key, value }, dayRecord, DAMAGE).segments;
}

const BRACE = '}'.charCodeAt(0);
const CHECKSUM = /,"crc":(\d+)\}$/u;

/** Longest form of the member with its brace. */
const CHECKSUM_BYTES_MAX = ',"crc":4294967295}'.length;

function withChecksum(record: Uint8Array): Uint8Array {
  const member = `,"crc":${crc32(record)}}`;
  return Buffer.concat([record.subarray(0, -1), Buffer.from(member)]);
}

/** Errors: ManifestDamaged when there is a checksum and it is wrong. */
function checkRecord(key: string, value: Uint8Array): void {
  const tail = Buffer.from(value.subarray(-CHECKSUM_BYTES_MAX)).toString('latin1');
  const found = CHECKSUM.exec(tail);
  if (found === null) return;
  const body = value.subarray(0, value.length - found[0].length);
  if (crc32(Uint8Array.of(BRACE), crc32(body)) === Number(found[1])) return;
  throw new AppError(DAMAGE.code, 'checksum of a manifest is wrong', { details: { key } });
}
