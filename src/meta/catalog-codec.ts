/**
 * The records of the catalog as they are stored: JSON (UTF-8) with a member `version`, 1. A record that does
 * not parse or does not fit its schema is `CatalogDamaged`; nothing is guessed. Members that a newer server
 * of the same version adds are dropped, except where the schema is loose (what users sent us to keep).
 * History: 1 is the first.
 */
import { z } from 'zod';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { Logstore, Project } from './catalog-types.ts';
import { decodeJsonRecord, encodeJsonRecord } from './json-record.ts';

const DAMAGE = { code: 'CatalogDamaged', message: 'cannot read catalog record' } as const;

const VERSION = 1;

const attributes = z.record(z.string(), z.unknown());
const timeMs = z.number().int().nonnegative();
const hashKey = z.string().regex(/^[0-9a-f]{32}$/u);
const tokens = z.array(z.string());

const projectRecord = z.object({
  version: z.literal(VERSION),
  projectName: z.string(),
  description: z.string(),
  createTimeMs: timeMs,
  lastModifyTimeMs: timeMs,
  attributes,
});

const shard = z.object({
  shardId: z.number().int().nonnegative(),
  status: z.enum(['readwrite', 'readonly']),
  inclusiveBeginKey: hashKey,
  exclusiveEndKey: hashKey,
  createTimeMs: timeMs,
});

const lineIndex = z.looseObject({
  token: tokens,
  caseSensitive: z.boolean(),
  chn: z.boolean(),
  include_keys: tokens.optional(),
  exclude_keys: tokens.optional(),
});

const jsonKeyIndex = z.looseObject({
  type: z.enum(['text', 'long', 'double']),
  doc_value: z.boolean().optional(),
  alias: z.string().optional(),
});

const keyIndex = z.looseObject({
  type: z.enum(['text', 'long', 'double', 'json']),
  token: tokens.optional(),
  caseSensitive: z.boolean(),
  chn: z.boolean(),
  doc_value: z.boolean(),
  alias: z.string(),
  index_all: z.boolean().optional(),
  max_depth: z.number().int().optional(),
  json_keys: z.record(z.string(), jsonKeyIndex).optional(),
});

const indexConfig: z.ZodType<IndexConfig> = z.looseObject({
  line: lineIndex.optional(),
  keys: z.record(z.string(), keyIndex).optional(),
  max_text_len: z.number().int().positive(),
});

const logstoreRecord = z.object({
  version: z.literal(VERSION),
  id: z.string().regex(/^[a-z0-9]+$/u),
  projectName: z.string(),
  logstoreName: z.string(),
  ttl: z.number().int().positive(),
  enableTracking: z.boolean(),
  autoSplit: z.boolean(),
  maxSplitShard: z.number().int().positive(),
  appendMeta: z.boolean(),
  shards: z.array(shard).min(1),
  index: indexConfig.optional(),
  indexModifyTimeMs: timeMs,
  createTimeMs: timeMs,
  lastModifyTimeMs: timeMs,
  attributes,
});

export function encodeProject(project: Project): Uint8Array {
  return encodeJsonRecord({ version: VERSION, ...project });
}

/** Errors: CatalogDamaged. */
export function decodeProject(key: string, value: Uint8Array): Project {
  const { version: _version, ...project } = decodeJsonRecord({ key, value }, projectRecord, DAMAGE);
  return project;
}

export function encodeLogstore(logstore: Logstore): Uint8Array {
  return encodeJsonRecord({ version: VERSION, ...logstore });
}

/** Errors: CatalogDamaged. */
export function decodeLogstore(key: string, value: Uint8Array): Logstore {
  const {
    version: _version,
    index,
    ...rest
  } = decodeJsonRecord({ key, value }, logstoreRecord, DAMAGE);
  return { ...rest, index };
}
