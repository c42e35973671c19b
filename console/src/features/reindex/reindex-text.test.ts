import { expect, test } from 'vitest';
import type { ReindexJob } from './reindex-api.ts';
import { reindexText } from './reindex-text.ts';

const JOB: ReindexJob = { state: 'running', total: { rawBytes: 3000 }, done: { rawBytes: 1000 } };

test('a reindex under way says how far it is', () => {
  expect(reindexText(JOB)).toContain('indexed again: 33 %.');
  expect(reindexText({ ...JOB, remainingMs: 112_109 })).toContain('33 %, about 1 min 52 s left.');
  expect(reindexText({ ...JOB, total: { rawBytes: 0 }, done: { rawBytes: 0 } })).toContain('0 %');
});

test('a failed one says why, one that is over says nothing', () => {
  const failed = {
    ...JOB,
    state: 'failed',
    errorCode: 'SegmentDamaged',
    errorMessage: 'x',
  } as const;
  expect(reindexText(failed)).toContain('SegmentDamaged: x');
  expect(reindexText({ ...JOB, state: 'done' })).toBeUndefined();
  expect(reindexText({ ...JOB, state: 'cancelled' })).toBeUndefined();
});
