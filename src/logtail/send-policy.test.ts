import { describe, expect, test } from 'vitest';
import { backoffMs, judgeAnswer } from './send-policy.ts';

const answer = (
  status: number,
  errorCode = '',
  errorMessage = '',
  requestId: string | undefined = 'r',
) => ({
  status,
  requestId,
  serverTime: undefined,
  lastSequence: undefined,
  errorCode,
  errorMessage,
});

describe('answers', () => {
  test.each([
    [answer(200), { kind: 'accepted' }],
    [
      { ...answer(200), requestId: undefined },
      { kind: 'retry', reason: 'server' },
    ],
    [answer(500, 'InternalServerError'), { kind: 'retry', reason: 'server' }],
    [answer(502), { kind: 'retry', reason: 'server' }],
    [answer(403, 'WriteQuotaExceed'), { kind: 'retry', reason: 'quota' }],
    [answer(403, 'ShardWriteQuotaExceed'), { kind: 'retry', reason: 'quota' }],
    [answer(400, 'InvalidSequenceId'), { kind: 'repeated' }],
    [answer(429), { kind: 'retry', reason: 'quota' }],
    [answer(401, 'Unauthorized'), { kind: 'retry', reason: 'auth' }],
    [answer(400, 'RequestTimeTooSkewed'), { kind: 'clock' }],
    [answer(400, 'X', 'RequestTimeExpired by 1 h'), { kind: 'clock' }],
    [answer(404, 'LogStoreNotExist'), { kind: 'retry', reason: 'config' }],
    [answer(400, 'PostBodyInvalid'), { kind: 'refused' }],
    [answer(413), { kind: 'refused' }],
    [
      answer(400, 'PostBodyInvalid', 'The post data time is out of range'),
      { kind: 'retry', reason: 'config' },
    ],
    [answer(400, 'SomethingNew'), { kind: 'retry', reason: 'config' }],
    [answer(404), { kind: 'retry', reason: 'server' }],
  ])('%j', (given, verdict) => {
    expect(judgeAnswer(given)).toEqual(verdict);
  });
});

test('waits double up to their ceiling, half of each is random', () => {
  expect([1, 2, 3].map((attempt) => backoffMs('server', attempt, 0))).toEqual([100, 200, 400]);
  expect(backoffMs('server', 100, 0)).toBe(15_000);
  expect(backoffMs('config', 100, 0.999)).toBeLessThanOrEqual(300_000);
  expect(backoffMs('quota', 1, 0.5)).toBe(375);
});
