/**
 * Cursors as clients see them: base64 of the decimal number of the next record to read. Clients decode
 * and count on them, so there is nothing else inside (sls-api §5.6).
 */
import { AppError } from '#base/app-error.ts';

const BASE64 = /^[A-Za-z0-9+/]{1,24}={0,2}$/;
const DECIMAL = /^\d{1,16}$/;

/** `sequence` is an integer in [0, 2^53). */
export function encodeCursor(sequence: number): string {
  return btoa(String(sequence));
}

/**
 * The number in a cursor, in [0, 2^53); whether it lies in the shard is for the caller to say. Padding may
 * be missing, and white space may stand around it: the Python SDK encodes some cursors with a line feed
 * behind them. Errors: InvalidCursor.
 */
export function decodeCursor(cursor: string): number {
  const text = cursor.trim();
  const digits = BASE64.test(text) ? decodeBase64(text) : '';
  const sequence = DECIMAL.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(sequence)) {
    throw new AppError('InvalidCursor', 'invalidcursor: the cursor cannot be decoded');
  }
  return sequence;
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}
