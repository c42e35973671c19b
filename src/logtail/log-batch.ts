/** Parse and batch: lines become logs, logs become the compressed group that travels. */
import { compress } from '#protocol/compression.ts';
import { encodeLogGroup, type Log, type LogPair } from '#protocol/log-group.ts';
import type { LineBatch } from './file-reader.ts';
import type { LogtailInput } from './logtail-config.ts';

/** Where a batch goes. */
export interface Target {
  readonly project: string;
  readonly logstore: string;
}

/** What all logs of one file share. */
export interface GroupFrame {
  readonly topic: string;
  /** The machine's address. */
  readonly source: string;
  readonly tags: readonly LogPair[];
}

/** Logs on their way, kept until they are acknowledged so that a refused group can be divided. */
export interface OutgoingBatch {
  readonly target: Target;
  readonly path: string;
  readonly frame: GroupFrame;
  readonly logs: readonly Log<string | Uint8Array>[];
  /** lz4 block. */
  readonly body: Uint8Array;
  readonly rawBytes: number;
}

/** Single-line mode: the whole line is the field `content`. `time` is in Unix seconds. */
export function parseLines(batch: LineBatch, time: number): Log<Uint8Array | string>[] {
  if (batch.part !== undefined) {
    const part = { key: '__part__', value: String(batch.part) };
    return batch.lines.map((value) => ({ time, contents: [{ key: 'content', value }, part] }));
  }
  return batch.lines.map((value) => ({ time, contents: [{ key: 'content', value }] }));
}

/** The tags of a file: `__hostname__`, `__path__` and those of the input. */
export function fileTags(input: LogtailInput, path: string, hostname: string): LogPair[] {
  return [
    { key: '__hostname__', value: hostname },
    { key: '__path__', value: path.slice(0, 511) },
    ...Object.entries(input.tags).map(([key, value]) => ({ key, value })),
  ];
}

/** Encodes and compresses a group. */
export function buildBatch(parts: {
  readonly target: Target;
  readonly path: string;
  readonly frame: GroupFrame;
  readonly logs: readonly Log<string | Uint8Array>[];
}): OutgoingBatch {
  const raw = encodeLogGroup({ ...parts.frame, logs: parts.logs });
  return { ...parts, body: compress('lz4', raw), rawBytes: raw.length };
}

/** Two halves of a batch of at least two logs, in order. */
export function halveBatch(batch: OutgoingBatch): readonly [OutgoingBatch, OutgoingBatch] {
  const middle = batch.logs.length >> 1;
  return [
    buildBatch({ ...batch, logs: batch.logs.slice(0, middle) }),
    buildBatch({ ...batch, logs: batch.logs.slice(middle) }),
  ];
}

/** FNV-1a, 64 bits, as 16 upper-case hex digits: the form of the prefix of `__pack_id__`. */
export function packIdPrefix(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).toUpperCase().padStart(16, '0');
}
