/** What tells whether two segments were built alike, so that they can be merged. */
import { createHash } from 'node:crypto';
import type { IndexConfig } from '#protocol/index-config.ts';

/** 16 hex digits; the same for configurations that differ in the order of their members only. */
export function indexHash(config: IndexConfig): string {
  const text = JSON.stringify(config, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
