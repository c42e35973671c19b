/**
 * Goal: no bytes and no header make the codecs do anything but answer or throw an AppError, soon.
 * Method: random bytes, valid bodies with random damage, and groups put together from odd but legal
 * fields. fast-check prints the seed and the shrunken input of a failure.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { AppError } from '#base/app-error.ts';
import { MIB } from '#base/units.ts';
import { hostName, resolveProject } from '#protocol/addressing.ts';
import { parseAuthorization, verifyRequest } from '#protocol/authenticate.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import { compress, decompress, parseBodyRawSize } from '#protocol/compression.ts';
import { decodeCursor, encodeCursor } from '#protocol/cursor.ts';
import { ERROR_CODES } from '#protocol/error-codes.ts';
import { normalizeHashKey, splitRange } from '#protocol/hash-key.ts';
import { parseJsonLogGroup } from '#protocol/json-log-group.ts';
import { decodeLogGroupList } from '#protocol/log-group-list.ts';
import {
  decodeLogGroup,
  decodeLogGroupBytes,
  encodeLogGroup,
  inspectLogGroup,
  readLogGroup,
  type LogGroup,
  type LogGroupVisitor,
} from '#protocol/log-group.ts';
import { decodeLogPackageList } from '#protocol/log-package-list.ts';
import { parseQuery, parseRequestTarget, percentDecode } from '#protocol/request-target.ts';
import { signRequest } from '#protocol/sign-request.ts';

const RUNS = { numRuns: 4000 };
const CODECS: readonly CompressionType[] = ['lz4', 'deflate', 'zstd', 'gzip', 'none'];

/** One call on a few hundred bytes takes microseconds; this leaves room for a busy machine only. */
const CALL_MS_MAX = 1000;

/** The result, or undefined after an AppError with a code that clients know. Anything else fails. */
function attempt<T>(run: () => T): T | undefined {
  const startedMs = performance.now();
  try {
    return run();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(ERROR_CODES).toHaveProperty(error.code);
    expect(error.message).not.toBe('');
    return undefined;
  } finally {
    expect(performance.now() - startedMs).toBeLessThan(CALL_MS_MAX);
  }
}

const IGNORE: LogGroupVisitor = {
  topic: () => {},
  source: () => {},
  tag: () => {},
  beginLog: () => {},
  content: () => {},
  endLog: () => {},
};

const bytes = fc.uint8Array({ maxLength: 200 });
const text = fc.string({ unit: 'binary', maxLength: 60 });
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((value) => {
  return value.isWellFormed();
});

const group: fc.Arbitrary<LogGroup<Uint8Array>> = fc.record({
  logs: fc.array(
    fc.record({
      time: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 0xffffffff })),
      timeNs: fc.integer({ min: 0, max: 999_999_999 }),
      contents: fc.array(fc.record({ key, value: bytes }), { maxLength: 5 }),
    }),
    { maxLength: 5 },
  ),
  topic: text.filter((value) => value.isWellFormed()),
  source: text.filter((value) => value.isWellFormed()),
  tags: fc.array(fc.record({ key, value: bytes }), { maxLength: 3 }),
});

/** One act of damage: where (as a share of the length), what, and with which byte. */
const damage = fc.record({
  kind: fc.constantFrom('set', 'insert', 'remove', 'cut', 'repeat'),
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.oneof(fc.constantFrom(0, 1, 8, 0x0a, 0x12, 0x7f, 0x80, 0xff), fc.nat(255)),
});
const damages = fc.array(damage, { minLength: 1, maxLength: 4 });

type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never;

function damaged(original: Uint8Array, acts: readonly Damage[]): Uint8Array {
  let list = [...original];
  for (const { kind, place, byte } of acts) {
    const at = Math.floor(place * list.length);
    if (kind === 'set') list[at] = byte;
    else if (kind === 'insert') list.splice(at, 0, byte);
    else if (kind === 'remove') list.splice(at, 1);
    else if (kind === 'cut') list = list.slice(0, at);
    else list.splice(at, 0, ...list.slice(at, at + 16));
  }
  return Uint8Array.from(list);
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) + 0x80);
  return [...out, rest];
}

/** A varint with needless bytes, which the wire format allows. */
function longVarint(value: number): number[] {
  const out = varint(value);
  out[out.length - 1] = (out.at(-1) ?? 0) | 0x80;
  return [...out, 0x80, 0x00];
}

function field(number: number, body: readonly number[]): number[] {
  return [...varint(number * 8 + 2), ...varint(body.length), ...body];
}

const unknownField: fc.Arbitrary<number[]> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 7, max: 3000 }), fc.nat())
    .map(([number, value]) => [...varint(number * 8), ...longVarint(value)]),
  fc.tuple(fc.integer({ min: 7, max: 3000 }), bytes).map(([n, body]) => field(n, [...body])),
  fc.integer({ min: 7, max: 15 }).map((number) => [number * 8 + 5, 1, 2, 3, 4]),
  fc.integer({ min: 7, max: 15 }).map((number) => [number * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8]),
);

/** Key and value in either order, repeated, with unknown fields between. */
const oddPair: fc.Arbitrary<number[]> = fc
  .tuple(key, bytes, fc.array(unknownField, { maxLength: 2 }), fc.boolean())
  .chain(([name, value, unknown, twice]) => {
    const name8 = [...new TextEncoder().encode(name)];
    const parts = [field(1, name8), field(2, [...value]), ...unknown];
    if (twice) parts.push(field(2, [1, 2, 3]));
    return shuffled(parts);
  });

const oddLog: fc.Arbitrary<number[]> = fc
  .tuple(
    fc.integer({ min: 1, max: 0xffffffff }),
    fc.array(oddPair, { maxLength: 3 }),
    fc.array(unknownField, { maxLength: 2 }),
    fc.boolean(),
  )
  .chain(([time, pairs, unknown, withNs]) => {
    const parts = [[8, ...longVarint(time)], ...pairs.map((pair) => field(2, pair)), ...unknown];
    if (withNs) parts.push([0x25, 1, 2, 3, 4]);
    return shuffled(parts);
  });

/** Legal bytes of a group that no ordinary writer makes. */
const oddGroup: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.array(oddLog, { maxLength: 3 }),
    fc.array(oddPair, { maxLength: 2 }),
    fc.array(unknownField, { maxLength: 2 }),
    fc.array(fc.tuple(fc.integer({ min: 2, max: 5 }), bytes), { maxLength: 3 }),
  )
  .chain(([logs, tags, unknown, texts]) =>
    shuffled([
      ...logs.map((log) => field(1, log)),
      ...tags.map((tag) => field(6, tag)),
      ...unknown,
      ...texts.map(([number, value]) => field(number, [...value])),
    ]),
  )
  .map((list) => Uint8Array.from(list));

function shuffled(parts: number[][]): fc.Arbitrary<number[]> {
  return fc
    .shuffledSubarray(parts, { minLength: parts.length, maxLength: parts.length })
    .map((list) => list.flat());
}

/** A second reader, written for plainness: all fields of a message, by number, nothing shared with the codec. */
function plainFields(message: Uint8Array): readonly (readonly [number, Uint8Array | bigint])[] {
  const found: [number, Uint8Array | bigint][] = [];
  let at = 0;
  const next = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const wireKey = Number(next());
    const number = wireKey >>> 3;
    if (wireKey % 8 === 0) found.push([number, next()]);
    else {
      const length = wireKey % 8 === 2 ? Number(next()) : wireKey % 8 === 1 ? 8 : 4;
      found.push([number, message.subarray(at, at + length)]);
      at += length;
    }
  }
  return found;
}

const PLAIN_TEXT = new TextDecoder('utf-8', { ignoreBOM: true });

function all(message: Uint8Array, number: number): readonly Uint8Array[] {
  return plainFields(message)
    .filter(([found]) => found === number)
    .map(([, value]) => value as Uint8Array);
}

function last(message: Uint8Array, number: number): Uint8Array {
  return all(message, number).at(-1) ?? new Uint8Array();
}

function pairs(message: Uint8Array, number: number): LogGroup<Uint8Array>['tags'] {
  return all(message, number).map((pair) => ({
    key: PLAIN_TEXT.decode(last(pair, 1)),
    value: last(pair, 2),
  }));
}

function plainGroup(message: Uint8Array): LogGroup<Uint8Array> {
  return {
    logs: all(message, 1).map((log) => {
      const time = plainFields(log).findLast(([number]) => number === 1)?.[1];
      const nanoseconds = last(log, 4);
      const timeNs =
        nanoseconds.length === 4
          ? new DataView(nanoseconds.buffer, nanoseconds.byteOffset).getUint32(0, true)
          : 0;
      const contents = pairs(log, 2);
      return timeNs === 0
        ? { time: Number(time), contents }
        : { time: Number(time), timeNs, contents };
    }),
    topic: PLAIN_TEXT.decode(last(message, 3)),
    source: PLAIN_TEXT.decode(last(message, 4)),
    tags: pairs(message, 6),
  };
}

/** What must hold of any bytes: checked and refused, or checked and then readable in every way. */
function holdGroup(input: Uint8Array): void {
  const summary = attempt(() => inspectLogGroup(input));
  attempt(() => {
    readLogGroup(input, IGNORE);
    return true;
  });
  attempt(() => decodeLogGroup(input));
  if (summary === undefined) return;
  const decoded = decodeLogGroupBytes(input);
  expect(decoded).toEqual(plainGroup(input));
  const times = decoded.logs.map((log) => log.time);
  expect(summary).toEqual({
    logCount: times.length,
    minTime: times.length === 0 ? 0 : Math.min(...times),
    maxTime: times.length === 0 ? 0 : Math.max(...times),
  });
  expect(inspectLogGroup(encodeLogGroup(decoded))).toEqual(summary);
}

describe('log groups', () => {
  test('any group survives encode, inspect and decode', () => {
    fc.assert(
      fc.property(group, (value) => {
        const encoded = encodeLogGroup(value);
        expect(inspectLogGroup(encoded).logCount).toBe(value.logs.length);
        const decoded = decodeLogGroupBytes(encoded);
        const logs = decoded.logs.map((log) => ({ ...log, timeNs: log.timeNs ?? 0 }));
        expect({ ...decoded, logs }).toEqual(value);
      }),
      { numRuns: 1500 },
    );
  });

  test('random bytes are refused or readable', () => {
    fc.assert(fc.property(bytes, holdGroup), RUNS);
  });

  test('damaged groups are refused or readable', () => {
    fc.assert(
      fc.property(group, damages, (value, acts) => {
        holdGroup(damaged(encodeLogGroup(value), acts));
      }),
      RUNS,
    );
  });

  test('odd but legal groups are accepted and read as a plain reader does', () => {
    fc.assert(
      fc.property(oddGroup, (input) => {
        inspectLogGroup(input);
        holdGroup(input);
      }),
      { numRuns: 2000 },
    );
  });

  test('damaged odd groups are refused or readable', () => {
    fc.assert(
      fc.property(oddGroup, damages, (input, acts) => {
        holdGroup(damaged(input, acts));
      }),
      RUNS,
    );
  });

  test('a body of nothing but tiny logs or unknown fields takes bounded time', () => {
    const tiny = new Uint8Array(10 * MIB);
    for (let at = 0; at < tiny.length; at += 4) tiny.set([0x0a, 2, 8, 1], at);
    expect(attempt(() => inspectLogGroup(tiny))).toMatchObject({ logCount: 2_621_440 });
    const unknown = new Uint8Array(10 * MIB);
    for (let at = 0; at < unknown.length; at += 2) unknown[at] = 0x38;
    expect(attempt(() => inspectLogGroup(unknown))).toMatchObject({ logCount: 0 });
    attempt(() => inspectLogGroup(new Uint8Array(10 * MIB).fill(0xff)));
    attempt(() => inspectLogGroup(new Uint8Array(10 * MIB).fill(0x0a)));
  });
});

describe('other bodies', () => {
  test('lists and JSON are refused or read', () => {
    const options = { receiveTime: 1, overwriteTime: false, defaultSource: '' };
    const json = fc.oneof(
      fc.json(),
      fc.json().map((value) => `{"__logs__":[{"k":${value}}],"__tags__":${value}}`),
      text,
    );
    fc.assert(
      fc.property(bytes, (input) => {
        attempt(() => decodeLogGroupList(input));
        attempt(() => decodeLogPackageList(input, 10));
        attempt(() => parseJsonLogGroup(input, options));
      }),
      RUNS,
    );
    fc.assert(
      fc.property(json, (value) => {
        const parsed = attempt(() => parseJsonLogGroup(Buffer.from(value), options));
        if (parsed !== undefined) holdGroup(encodeLogGroup(parsed));
      }),
      RUNS,
    );
  });

  test('compressed bytes come back, damaged ones are refused or keep to the declared size', () => {
    const codec = fc.constantFrom(...CODECS);
    const declared = fc.oneof(fc.constant(undefined), fc.nat(400), fc.nat());
    fc.assert(
      fc.property(codec, bytes, damages, declared, (type, raw, acts, rawBytes) => {
        const packed = compress(type, raw);
        expect(Buffer.from(decompress(type, packed, raw.length, 200))).toEqual(Buffer.from(raw));
        const broken = damaged(packed, acts);
        const result = attempt(() => decompress(type, broken, rawBytes, 300));
        if (result === undefined) return;
        expect(result.length).toBeLessThanOrEqual(300);
        if (type !== 'none' && rawBytes !== undefined) expect(result.length).toBe(rawBytes);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(codec, bytes, fc.nat(300), (type, input, rawBytes) => {
        attempt(() => decompress(type, input, rawBytes, 300));
      }),
      RUNS,
    );
  });
});

describe('headers and targets', () => {
  const KEYS = { accessKeyId: 'id', accessKeySecret: 'secret' };
  const NOW_MS = 1_772_526_827_000;

  test('authorization of any text is refused or taken apart', () => {
    const pieces =
      'LOG |SLS |SLS4-HMAC-SHA256 |Credential=|Signature=|,|/|:|ak|20260303|sls|' +
      'aliyun_v4_request|cn-hangzhou|0aff|c2ln| |=';
    const piece = fc.constantFrom(...pieces.split('|'));
    const assembled = fc
      .array(fc.oneof(piece, text), { maxLength: 12 })
      .map((list) => list.join(''));
    fc.assert(
      fc.property(fc.oneof(text, assembled), (header) => {
        const parsed = attempt(() => parseAuthorization(header));
        if (parsed !== undefined) expect(parsed.accessKeyId).not.toBe('');
      }),
      RUNS,
    );
    attempt(() => parseAuthorization(`LOG ${'a'.repeat(1_000_000)}`));
    attempt(() => parseAuthorization(`SLS4-HMAC-SHA256 Credential=${' '.repeat(4000)}`));
  });

  test('what signRequest signs is accepted, and no longer after any change of what is signed', async () => {
    const request = fc.record({
      path: fc.webPath().map((path) => (path.startsWith('/') ? path : `/${path}`)),
      query: fc.array(
        fc.tuple(
          key,
          text.filter((value) => value.isWellFormed()),
        ),
        { maxLength: 4 },
      ),
      body: bytes,
      v4: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ path, query, body, v4 }) => {
        const version = v4
          ? ({ version: 'v4', region: 'r' } as const)
          : ({ version: 'v1' } as const);
        const unsigned = { method: 'POST', path, query, headers: { host: 'p.local' }, body };
        const { target, headers } = signRequest(unsigned, KEYS, version, NOW_MS);
        const received = { ...parseRequestTarget(target), method: 'POST', headers, body };
        await expect(verifyRequest(received, () => 'secret', NOW_MS)).resolves.toEqual({
          accessKeyId: 'id',
        });
        for (const changed of [
          { ...received, path: `${received.path}x` },
          { ...received, query: `${received.query}&zz=1` },
          { ...received, headers: { ...headers, 'x-log-extra': '1' } },
          { ...received, body: Uint8Array.of(...body, 0), headers: { ...headers } },
        ].slice(0, body.length === 0 && !v4 ? 3 : 4)) {
          await expect(verifyRequest(changed, () => 'secret', NOW_MS)).rejects.toBeInstanceOf(
            AppError,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('any headers are refused or accepted', async () => {
    const name = fc.constantFrom(
      'date',
      'x-log-date',
      'host',
      'content-md5',
      'x-log-meta-a',
      'x-acs-b',
    );
    const value = fc.oneof(
      text,
      fc.constant('Tue, 03 Mar 2026 08:33:47 GMT'),
      fc.constant('20260303T083347Z'),
    );
    const authorization = fc.constantFrom(
      'LOG id:c2ln',
      'SLS4-HMAC-SHA256 Credential=id/20260303/r/sls/aliyun_v4_request,Signature=00',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, value),
        authorization,
        text,
        async (given, auth, target) => {
          const headers = { ...given, authorization: auth };
          const received = {
            ...parseRequestTarget(target),
            method: 'GET',
            headers,
            body: new Uint8Array(),
          };
          await expect(verifyRequest(received, () => 'secret', NOW_MS)).rejects.toBeInstanceOf(
            AppError,
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('targets, hosts and queries of any text are taken apart', () => {
    const options = {
      baseDomains: ['sls.local'],
      hostProjects: new Map([['a.b', 'mapped']]),
      defaultProject: 'main',
    };
    const hostish = fc
      .array(
        fc.constantFrom('.', ':', '[', ']', '@', 'sls.local', 'localhost', '127.0.0.1', 'p', '80'),
        {
          maxLength: 8,
        },
      )
      .map((list) => list.join(''));
    fc.assert(
      fc.property(fc.oneof(text, hostish), text, (host, target) => {
        const { path, query } = parseRequestTarget(target);
        expect(path.startsWith('/')).toBe(true);
        parseQuery(query);
        percentDecode(target);
        expect(hostName(host)).not.toMatch(/[A-Z]/);
        const project = resolveProject({ host, projectHeader: undefined, path }, options);
        expect(project).not.toBe('');
      }),
      RUNS,
    );
  });

  test('cursors, hash keys and raw sizes of any text are refused or read', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (sequence) => {
        expect(decodeCursor(encodeCursor(sequence))).toBe(sequence);
      }),
      RUNS,
    );
    const whole = { inclusiveBeginKey: '0'.repeat(32), exclusiveEndKey: 'f'.repeat(32) };
    fc.assert(
      fc.property(
        fc.oneof(text, fc.base64String({ maxLength: 30 }), fc.stringMatching(/^[0-9a-f]*$/)),
        (value) => {
          const sequence = attempt(() => decodeCursor(value));
          if (sequence !== undefined) expect(Number.isSafeInteger(sequence)).toBe(true);
          const hashKey = attempt(() => normalizeHashKey(value));
          if (hashKey !== undefined) expect(hashKey).toMatch(/^[0-9a-f]{32}$/);
          attempt(() => splitRange(whole, value));
          attempt(() => parseBodyRawSize(value));
        },
      ),
      RUNS,
    );
  });
});
