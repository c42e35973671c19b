import { describe, expect, it } from 'vitest';
import { QUERY_HEADER_BYTES_MAX, QUERY_INFO_HEADER_BYTES_MAX } from '../limits.ts';
import { queryHeaders, queryInfo, type QueryInfo } from './query-headers.ts';

const FIGURES = {
  progress: 'Complete',
  count: 3,
  hasSql: true,
  whereQuery: '*',
  aggQuery: 'select 1',
  processedRows: 12,
  processedBytes: 345,
  elapsedMs: 4.6,
  insertedSql: 'select 1 limit 100',
  powerSql: true,
};
const INFO: QueryInfo = {
  keys: ['a'],
  columnTypes: ['bigint'],
  limited: 100,
  isAccurate: true,
  terms: [],
  mode: 'index',
  processedBytes: 345,
  pageProgress: undefined,
};

describe('query headers', () => {
  it('hold every figure as text', () => {
    expect(queryHeaders(FIGURES)).toEqual({
      'x-log-progress': 'Complete',
      'x-log-count': '3',
      'x-log-processed-rows': '12',
      'x-log-processed-bytes': '345',
      'x-log-elapsed-millisecond': '5',
      'x-log-has-sql': 'true',
      'x-log-where-query': '*',
      'x-log-agg-query': 'select 1',
      'x-log-cpu-sec': '0',
      'x-log-cpu-cores': '0',
      'x-log-power-sql': 'true',
      'x-log-insertedsql': 'select 1 limit 100',
      'x-tlm-type': 'None',
    });
  });

  it('have no control characters, and are cut between characters', () => {
    const whereQuery = `a\r\nx-injected: 1\u0000 ${'é'.repeat(QUERY_HEADER_BYTES_MAX)}`;
    const header = queryHeaders({ ...FIGURES, whereQuery })['x-log-where-query'] ?? '';
    expect(header).not.toMatch(/\p{Cc}(?<![\u0080-\u009f])/u);
    const bytes = Buffer.from(header, 'latin1');
    expect(bytes.length).toBeLessThanOrEqual(QUERY_HEADER_BYTES_MAX);
    expect(bytes.toString()).not.toContain('\ufffd');
    expect(bytes.toString()).toMatch(/^a {2}x-injected: 1 {2}é+$/);
  });

  it('tell keys and terms as one line of ASCII', () => {
    const text = queryInfo({ ...INFO, keys: ['größe'], terms: [{ key: '', term: '中' }] });
    expect(text).toMatch(/^[\u0020-\u007e]+$/);
    expect(JSON.parse(text)).toMatchObject({
      keys: ['größe'],
      terms: [['中', '']],
      limited: '100',
      isAccurate: 1,
      phraseQueryInfo: { scanAll: 'true', beginOffset: '0', endOffset: '0', endTime: '0' },
    });
  });

  it('tell where a page of a phrase search ends, as texts', () => {
    const pageProgress = { scanAll: false, beginOffset: 20, endOffset: 30, endTime: 1_700_000_000 };
    expect(JSON.parse(queryInfo({ ...INFO, mode: 'phrase', pageProgress }))).toMatchObject({
      mode: 1,
      scanBytes: 0,
      phraseQueryInfo: {
        scanAll: 'false',
        beginOffset: '20',
        endOffset: '30',
        endTime: '1700000000',
      },
    });
  });

  it('tell what a scan read', () => {
    expect(JSON.parse(queryInfo({ ...INFO, mode: 'scan' }))).toMatchObject({
      mode: 2,
      scanBytes: 345,
    });
    expect(JSON.parse(queryInfo({ ...INFO, mode: 'scanSql' }))).toMatchObject({
      mode: 3,
      scanBytes: 345,
    });
  });

  it('leave out what would be too long for clients', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `name ${i}`);
    const terms = many.map((term) => ({ key: '', term }));
    for (const info of [
      { ...INFO, terms },
      { ...INFO, terms, keys: many },
    ])
      expect(queryInfo(info).length).toBeLessThanOrEqual(QUERY_INFO_HEADER_BYTES_MAX);
    expect(JSON.parse(queryInfo({ ...INFO, terms }))).toMatchObject({ keys: ['a'], terms: [] });
  });
});
