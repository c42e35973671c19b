/** Records of the MetaStore as JSON, checked when they are read. */
import type { z } from 'zod';
import { AppError } from '#base/app-error.ts';

/** What to say of a record that cannot be read. */
export interface DamageError {
  readonly code: string;
  readonly message: string;
}

export function encodeJsonRecord(record: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** Errors: the given one, with the key, when the value is not UTF-8, not JSON, or not of the schema. */
export function decodeJsonRecord<T>(
  entry: { readonly key: string; readonly value: Uint8Array },
  schema: z.ZodType<T>,
  damage: DamageError,
): T {
  const { key, value } = entry;
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value)));
  } catch (cause) {
    throw new AppError(damage.code, damage.message, { cause, details: { key } });
  }
}
