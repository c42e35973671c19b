/** Parse and batch: lines become logs, logs become the compressed group that travels. */
import { createHash } from 'node:crypto';
import { must } from '#base/assert.ts';
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

/** The stretch of a file that a batch stands for, by which the server knows it again. */
export interface BatchWriter {
  /** 32 hex digits. */
  readonly key: string;
  /** Offset in the file. */
  readonly start: number;
  /** Where each log ends, ascending and above `start`. */
  readonly ends: readonly number[];
}

/** Logs on their way, kept until they are acknowledged so that a refused group can be divided. */
export interface OutgoingBatch {
  readonly target: Target;
  readonly path: string;
  readonly frame: GroupFrame;
  readonly logs: readonly Log<string | Uint8Array>[];
  readonly writer: BatchWriter;
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
  readonly writer: BatchWriter;
}): OutgoingBatch {
  const raw = encodeLogGroup({ ...parts.frame, logs: parts.logs });
  return { ...parts, body: compress('lz4', raw), rawBytes: raw.length };
}

/** Two halves of a batch of at least two logs, in order. */
export function halveBatch(batch: OutgoingBatch): readonly [OutgoingBatch, OutgoingBatch] {
  const middle = batch.logs.length >> 1;
  const { key, start, ends } = batch.writer;
  const border = must(ends[middle - 1], 'every log has an end');
  const first = { key, start, ends: ends.slice(0, middle) };
  const second = { key, start: border, ends: ends.slice(middle) };
  return [
    buildBatch({ ...batch, logs: batch.logs.slice(0, middle), writer: first }),
    buildBatch({ ...batch, logs: batch.logs.slice(middle), writer: second }),
  ];
}

/** Where each line of a batch ends: one newline behind it, or for the last one wherever the batch ends. */
export function lineEnds(batch: LineBatch): number[] {
  let end = batch.start;
  const ends = batch.lines.map((line) => (end += line.length + 1));
  ends[ends.length - 1] = batch.end;
  return ends;
}

/**
 * The key that the server knows a file's writer by. It holds the name of the machine, so that a state folder that is
 * copied to another machine does not make two writers one.
 */
export function serverKey(writerKey: string, hostname: string): string {
  return createHash('sha256').update(`${writerKey}\n${hostname}`).digest('hex').slice(0, 32);
}

/** FNV-1a, 64 bits, as 16 upper-case hex digits: the form of the prefix of `__pack_id__`. */
export function packIdPrefix(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).toUpperCase().padStart(16, '0');
}
