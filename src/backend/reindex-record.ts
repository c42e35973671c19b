/**
 * A reindex as it is stored, one for each logstore, the last that was asked for:
 *
 *   reindex/<logstoreId>   JSON (UTF-8) { version: 1, state, fromTime, toTime, createTimeMs, endTimeMs?, indexHash,
 *                          total, done?, errorCode?, errorMessage? }
 *
 * The members are those of a `ReindexReport`; `done` is there when the job is over, for until then the manifests tell.
 * A job whose state is `waiting` or `running` goes on at the next start. A record that cannot be read is no job:
 * nothing but the wish is lost with it. History: 1 is the first.
 */
import { z } from 'zod';
import { decodeJsonRecord, encodeJsonRecord } from '#meta/json-record.ts';
import type { MetaEntry, MetaStore } from '#meta/meta-store.ts';
import {
  extentSchema,
  REINDEX_STATES,
  type ReindexExtent,
  type ReindexReport,
} from './reindex-report.ts';
import { LIST_PAGE } from './limits.ts';

const PREFIX = 'reindex/';
const VERSION = 1;
const DAMAGE = { code: 'ReindexDamaged', message: 'cannot read the record of a reindex' } as const;

export interface ReindexRecord extends Omit<
  ReindexReport,
  'done' | 'bytesPerSecond' | 'remainingMs'
> {
  readonly done?: ReindexExtent | undefined;
}

const schema = z.object({
  version: z.literal(VERSION),
  state: z.enum(REINDEX_STATES),
  fromTime: z.number(),
  toTime: z.number(),
  createTimeMs: z.number(),
  endTimeMs: z.number().optional(),
  indexHash: z.string(),
  total: extentSchema,
  done: extentSchema.optional(),
  errorCode: z.string().optional(),
  errorMessage: z.string().optional(),
});

export function reindexKey(logstoreId: string): string {
  return PREFIX + logstoreId;
}

export function reindexLogstore(key: string): string {
  return key.slice(PREFIX.length);
}

export function encodeReindex(record: ReindexRecord): Uint8Array {
  return encodeJsonRecord({ version: VERSION, ...record });
}

/** Errors: ReindexDamaged. */
export function decodeReindex(entry: MetaEntry): ReindexRecord {
  const { version: _version, ...record } = decodeJsonRecord(entry, schema, DAMAGE);
  return record;
}

export async function* listReindexes(store: MetaStore): AsyncGenerator<MetaEntry> {
  let after: string | undefined;
  for (;;) {
    const entries = await store.list(PREFIX, { after, limit: LIST_PAGE });
    yield* entries;
    if (entries.length < LIST_PAGE) return;
    after = entries.at(-1)?.key;
  }
}

/** Forgets the job of a logstore that is gone. */
export async function deleteReindex(store: MetaStore, logstoreId: string): Promise<void> {
  const entry = await store.get(reindexKey(logstoreId));
  if (entry !== undefined) await store.delete(entry.key, entry.revision);
}
