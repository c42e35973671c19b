/** Makes records for the log out of the body of a write, or refuses it as a whole. */
import { AppError } from '#base/app-error.ts';
import { inspectLz4Group } from '#kernel/inspect-kernel.ts';
import type { NewRecord } from '#loghub/shard-log.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import { compress, decompress } from '#protocol/compression.ts';
import { parseJsonLogGroup } from '#protocol/json-log-group.ts';
import { LOG_PACKAGES_MAX } from '#protocol/limits.ts';
import {
  encodeLogGroup,
  inspectLogGroup,
  LOG_GROUP_LIMITS,
  type LogGroupSummary,
} from '#protocol/log-group.ts';
import { decodeLogPackageList } from '#protocol/log-package-list.ts';

/**
 * `protobuf`: one LogGroup, compressed as a whole. `json`: one group as JSON, compressed as a whole.
 * `packages`: a list of groups, each compressed by itself (`x-log-mode: batch_group`).
 */
export type BodyForm = 'protobuf' | 'json' | 'packages';

export interface WriteBody {
  readonly form: BodyForm;
  readonly bytes: Uint8Array;
  /** Of the whole body; without meaning for `packages`. */
  readonly compression: CompressionType;
  /** The declared size once decompressed (`x-log-bodyrawsize`); without meaning when not compressed. */
  readonly rawBytes: number | undefined;
}

/** How far log times may be from now; undefined: as far as they like. */
export interface TimeWindow {
  readonly pastMs: number | undefined;
  readonly futureMs: number | undefined;
}

export interface DecodeRules {
  /** Largest body once decompressed (all packages together); exactly this size is accepted. */
  readonly bodyRawBytesMax: number;
  readonly timeWindow: TimeWindow;
}

export interface Reception {
  readonly receiveTimeMs: number;
  readonly clientAddress: string;
  /** Web tracking: JSON logs get the receive time, and the sender's address as source. */
  readonly tracking: boolean;
}

interface Payload {
  readonly compression: CompressionType;
  readonly bytes: Uint8Array;
  readonly rawBytes: number | undefined;
}

/**
 * The records of a body in order; groups without logs give none. Payloads are views of the body, or new
 * LZ4 blocks for JSON. Errors: PostBodyInvalid, PostBodyTooLarge, PostBodyUncompressError, MissingBodyRawSize,
 * InvalidCompressType, InvalidKey, InvalidEncoding, InvalidTimestamp.
 */
export function decodeBody(
  body: WriteBody,
  rules: DecodeRules,
  reception: Reception,
): readonly NewRecord[] {
  const records: NewRecord[] = [];
  let rawBytesLeft = rules.bodyRawBytesMax;
  for (const payload of payloadsOf(body, rules, reception)) {
    const { rawBytes, logCount, minTime, maxTime } = inspect(payload, rawBytesLeft);
    rawBytesLeft -= rawBytes;
    if (logCount === 0) continue;
    checkWindow(minTime, maxTime, { window: rules.timeWindow, nowMs: reception.receiveTimeMs });
    records.push({
      compression: payload.compression,
      payload: payload.bytes,
      rawBytes,
      logCount,
      receiveTimeMs: reception.receiveTimeMs,
      clientAddress: reception.clientAddress,
    });
  }
  return records;
}

/** Nearly all bodies are LZ4 and sound: the kernel looks at them first. */
function inspect(
  { compression, bytes, rawBytes }: Payload,
  rawBytesLeft: number,
): LogGroupSummary & { readonly rawBytes: number } {
  if (compression === 'lz4' && rawBytes !== undefined && rawBytes <= rawBytesLeft) {
    const found = inspectLz4Group(bytes, rawBytes, LOG_GROUP_LIMITS);
    if (found !== undefined) return { ...found, rawBytes };
  }
  const raw = decompress(compression, bytes, rawBytes, rawBytesLeft);
  return { ...inspectLogGroup(raw), rawBytes: raw.length };
}

function payloadsOf(body: WriteBody, rules: DecodeRules, reception: Reception): readonly Payload[] {
  const { bytes, compression, rawBytes } = body;
  if (body.form === 'json') return [jsonPayload(body, rules, reception)];
  if (body.form === 'protobuf') return [{ compression, bytes, rawBytes }];
  return decodeLogPackageList(bytes, LOG_PACKAGES_MAX).map((item) => {
    if (item.rawBytes === undefined && item.compression === 'lz4') {
      throw new AppError('PostBodyInvalid', 'a package has no uncompress_size');
    }
    return { compression: item.compression, bytes: item.data, rawBytes: item.rawBytes };
  });
}

function jsonPayload(body: WriteBody, rules: DecodeRules, reception: Reception): Payload {
  const { bodyRawBytesMax } = rules;
  const text = decompress(body.compression, body.bytes, body.rawBytes, bodyRawBytesMax);
  const group = parseJsonLogGroup(text, {
    receiveTime: Math.floor(reception.receiveTimeMs / 1000),
    overwriteTime: reception.tracking,
    defaultSource: reception.tracking ? reception.clientAddress : '',
  });
  const raw = encodeLogGroup(group);
  return { compression: 'lz4', bytes: compress('lz4', raw), rawBytes: raw.length };
}

function checkWindow(
  minTime: number,
  maxTime: number,
  now: { readonly window: TimeWindow; readonly nowMs: number },
): void {
  const { pastMs, futureMs } = now.window;
  const tooOld = pastMs !== undefined && minTime * 1000 < now.nowMs - pastMs;
  const tooNew = futureMs !== undefined && maxTime * 1000 > now.nowMs + futureMs;
  if (tooOld || tooNew) {
    throw new AppError('PostBodyInvalid', 'The post data time is out of range');
  }
}
