/**
 * What an answer to a write means. Nothing is dropped for its age or for a setting that is wrong: a missing logstore
 * is often created later, a key replaced. Only a body that the server calls invalid is divided until the log that
 * is to blame stands alone.
 */
import { BACKOFF_CONFIG_MS, BACKOFF_QUOTA_MS, BACKOFF_SERVER_MS } from './limits.ts';

export interface WriteAnswer {
  readonly status: number;
  readonly requestId: string | undefined;
  /** Unix seconds of the server, from `x-log-time` or `Date`. */
  readonly serverTime: number | undefined;
  readonly errorCode: string;
  readonly errorMessage: string;
  /** `x-log-last-seqid`: up to where the server has what the writer sent. */
  readonly lastSequence: number | undefined;
}

export type Verdict =
  | { readonly kind: 'accepted' }
  /** The server has it, or a part of it, from before. */
  | { readonly kind: 'repeated' }
  /** Send the same again later. */
  | { readonly kind: 'retry'; readonly reason: RetryReason }
  /** The server's clock differs: correct ours and send again. */
  | { readonly kind: 'clock' }
  /** The body itself is refused. */
  | { readonly kind: 'refused' };

export type RetryReason = 'network' | 'server' | 'quota' | 'auth' | 'config';

const REFUSED = new Set([
  'PostBodyInvalid',
  'PostBodyTooLarge',
  'PostBodyUncompressError',
  'InvalidKey',
  'InvalidEncoding',
  'InvalidTimestamp',
]);
const QUOTA = new Set([
  'WriteQuotaExceed',
  'ShardWriteQuotaExceed',
  'ExceedQuota',
  'ProjectQuotaExceed',
]);
const AUTH = new Set([
  'Unauthorized',
  'SignatureNotMatch',
  'InvalidAccessKeyId',
  'SecurityTokenExpired',
]);

/** Only a 200 that carries a request id is a success: a proxy can answer 200 as well. */
export function judgeAnswer(answer: WriteAnswer): Verdict {
  const { status, errorCode, errorMessage } = answer;
  if (status === 200)
    return answer.requestId === undefined
      ? { kind: 'retry', reason: 'server' }
      : { kind: 'accepted' };
  if (errorCode === 'InvalidSequenceId') return { kind: 'repeated' };
  if (isSkewed(answer)) return { kind: 'clock' };
  if (status >= 500 || status === 408) return { kind: 'retry', reason: 'server' };
  if (QUOTA.has(errorCode) || status === 429) return { kind: 'retry', reason: 'quota' };
  if (AUTH.has(errorCode) || status === 401) return { kind: 'retry', reason: 'auth' };
  // Refused for the time alone, every log of every file would be: the machine's clock is wrong, not the log.
  if (errorMessage.includes('time is out of range')) return { kind: 'retry', reason: 'config' };
  if (REFUSED.has(errorCode) || status === 413) return { kind: 'refused' };
  return { kind: 'retry', reason: errorCode === '' ? 'server' : 'config' };
}

function isSkewed({ errorCode, errorMessage }: WriteAnswer): boolean {
  return errorCode === 'RequestTimeTooSkewed' || errorMessage.includes('RequestTimeExpired');
}

/**
 * Milliseconds to wait before try `attempt` (from 1): doubled each time, half of it random so that many agents do not
 * come back at once. `fraction` is uniform in [0, 1).
 */
export function backoffMs(reason: RetryReason, attempt: number, fraction: number): number {
  const [first, last] =
    reason === 'quota'
      ? BACKOFF_QUOTA_MS
      : reason === 'auth' || reason === 'config'
        ? BACKOFF_CONFIG_MS
        : BACKOFF_SERVER_MS;
  const full = Math.min(last, first * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * fraction;
}
