import type { LogRow } from './log-types.ts';

/** The id of the group that a log was sent in, `<origin>-<hex counter>`. */
export const PACK_ID_FIELD = '__tag__:__pack_id__';

/** Where a log is in its group: only some answers have it. */
export const PACK_META_FIELD = '__pack_meta__';

/** Whether the server can tell what was sent around this log. */
export function hasContext(row: LogRow): boolean {
  return /.-[0-9a-f]{1,16}$/i.test(row[PACK_ID_FIELD] ?? '');
}

/** Fields that every log has or that say where it came from, shown after the log's own. */
export function isReservedField(name: string): boolean {
  return name.startsWith('__') && (RESERVED.has(name) || name.startsWith('__tag__:'));
}

const RESERVED = new Set([
  '__time__',
  '__time_ns_part__',
  '__source__',
  '__topic__',
  PACK_META_FIELD,
  '__index_number__',
  '__client_ip__',
  '__receive_time__',
]);

/** The log's own fields in the order of the log; all of them when it has none of its own. */
export function ownFields(row: LogRow): readonly (readonly [string, string])[] {
  const entries = Object.entries(row);
  const own = entries.filter(([name]) => !isReservedField(name));
  return own.length > 0 ? own : entries.filter(([name]) => name !== '__time__');
}

/** Every field for the opened row: own fields first, then the reserved ones, `__time__` last. */
export function allFields(row: LogRow): readonly (readonly [string, string])[] {
  return Object.entries(row).toSorted(([a], [b]) => fieldRank(a) - fieldRank(b));
}

function fieldRank(name: string): number {
  if (name === '__time__') return 2;
  return isReservedField(name) ? 1 : 0;
}

/** Rows have no id; one is made of the content, and equal rows are counted. Keeps opened rows open over a refresh. */
export function rowKeys(rows: readonly LogRow[]): readonly string[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const content = hashText(JSON.stringify(row));
    const count = seen.get(content) ?? 0;
    seen.set(content, count + 1);
    return `${content}.${count}`;
  });
}

/** 53 bits of cyrb53-like mixing: enough to tell ten thousand rows apart. */
function hashText(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  return `${(high >>> 0).toString(36)}${(low >>> 0).toString(36)}`;
}
