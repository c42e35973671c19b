/**
 * Public conformance cases of searches and SQL with hand-written answers, over data of two applications. Cells
 * are equal when their texts are, or as numbers, or as JSON; `exact` asks for equal texts.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { QueryFixture } from './query-fixture.ts';
import type { FixtureLog } from './search/segment-fixture.ts';

interface Expected {
  readonly ids?: readonly number[];
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
  readonly exact?: boolean;
  readonly row_count?: number;
  readonly error?: {
    readonly code: string;
    readonly message?: string;
    readonly message_contains?: string;
  };
}

interface ConformanceCase {
  readonly name: string;
  readonly logs: string;
  readonly from: number;
  readonly to: number;
  readonly query: string;
  readonly expected: Expected;
}

interface DataSet {
  readonly index: IndexConfig;
  readonly logs: readonly FixtureLog[];
}

const DATA_SETS: Readonly<Record<string, DataSet>> = {
  nginx: {
    index: {
      line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
      keys: {
        host: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        request_method: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        request_uri: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        status: { caseSensitive: false, chn: false, doc_value: true, alias: '', type: 'long' },
        request_time: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'double',
        },
        body_bytes_sent: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'long',
        },
        remote_addr: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        http_user_agent: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        upstream_time: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
      },
      max_text_len: 2048,
    },
    logs: [
      {
        __time__: 1716170405,
        __source__: '10.1.1.1',
        __topic__: 'nginx',
        host: 'www.a.com',
        request_method: 'GET',
        request_uri: '/index.html',
        status: '200',
        request_time: '0.010',
        body_bytes_sent: '612',
        remote_addr: '1.2.3.4',
        http_user_agent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/124.0',
        upstream_time: '-',
      },
      {
        __time__: 1716170430,
        __source__: '10.1.1.1',
        __topic__: 'nginx',
        host: 'api.a.com',
        request_method: 'GET',
        request_uri: '/api/user?id=7',
        status: '200',
        request_time: '0.120',
        body_bytes_sent: '300',
        remote_addr: '1.2.3.4',
        http_user_agent: 'curl/8.0',
        upstream_time: '0.110',
      },
      {
        __time__: 1716170470,
        __source__: '10.1.1.2',
        __topic__: 'nginx',
        host: 'api.a.com',
        request_method: 'POST',
        request_uri: '/api/login?user=alice',
        status: '302',
        request_time: '0.250',
        body_bytes_sent: '0',
        remote_addr: '5.6.7.8',
        http_user_agent: 'Mozilla/5.0 (iPhone) Safari/605.1',
        upstream_time: '0.240',
      },
      {
        __time__: 1716170475,
        __source__: '10.1.1.2',
        __topic__: 'nginx',
        host: 'api.a.com',
        request_method: 'POST',
        request_uri: '/api/login?user=bob',
        status: '500',
        request_time: '1.500',
        body_bytes_sent: '45',
        remote_addr: '5.6.7.8',
        http_user_agent: 'Mozilla/5.0 (iPhone) Safari/605.1',
        upstream_time: '1.400',
      },
      {
        __time__: 1716170580,
        __source__: '10.1.1.1',
        __topic__: 'nginx',
        host: 'www.a.com',
        request_method: 'GET',
        request_uri: '/img/logo.png',
        status: '404',
        request_time: '0.004',
        body_bytes_sent: '150',
        remote_addr: '9.9.9.9',
        http_user_agent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/124.0',
        upstream_time: '-',
      },
      {
        __time__: 1716173999,
        __source__: '10.1.1.2',
        __topic__: 'nginx',
        host: 'api.a.com',
        request_method: 'GET',
        request_uri: '/api/user?id=8',
        status: '502',
        request_time: '3.000',
        body_bytes_sent: '20',
        remote_addr: '9.9.9.9',
        http_user_agent: 'curl/8.0',
        upstream_time: '2.900',
      },
      {
        __time__: 1716174000,
        __source__: '10.1.1.1',
        __topic__: 'nginx',
        host: 'www.a.com',
        request_method: 'GET',
        request_uri: '/index.html',
        status: '200',
        request_time: '0.020',
        body_bytes_sent: '612',
        remote_addr: '1.2.3.4',
        http_user_agent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/124.0',
        upstream_time: '-',
      },
      {
        __time__: 1716175800,
        __source__: '10.1.1.2',
        __topic__: 'nginx',
        host: 'api.a.com',
        request_method: 'DELETE',
        request_uri: '/api/user?id=7',
        status: '403',
        request_time: '0.030',
        body_bytes_sent: '10',
        remote_addr: '5.6.7.8',
        http_user_agent: 'curl/8.0',
        upstream_time: '0.020',
      },
      {
        __time__: 1716178500,
        __source__: '10.1.1.1',
        __topic__: 'nginx',
        host: 'www.a.com',
        request_method: 'GET',
        request_uri: '/index.html?from=mail',
        status: '200',
        request_time: '0.015',
        body_bytes_sent: '612',
        remote_addr: '10.0.0.8',
        http_user_agent: 'Mozilla/5.0 (X11; Linux) Firefox/125.0',
        upstream_time: '-',
      },
      {
        __time__: 1716178530,
        __source__: '10.1.1.1',
        __topic__: 'nginx',
        host: 'www.a.com',
        request_method: 'HEAD',
        request_uri: '/index.html',
        status: '200',
        request_time: '0.002',
        body_bytes_sent: '0',
        remote_addr: '10.0.0.8',
      },
    ],
  },
  app: {
    index: {
      line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
      keys: {
        level: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        message: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        nums: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'text',
          token: DEFAULT_TOKENS,
        },
        content: {
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
          type: 'json',
          token: DEFAULT_TOKENS,
          index_all: true,
          max_depth: -1,
          json_keys: {
            'user.name': { type: 'text', doc_value: true },
            cost: { type: 'long', doc_value: true },
          },
        },
      },
      max_text_len: 2048,
    },
    logs: [
      {
        __time__: 1716166800,
        __source__: 'app-1',
        __topic__: '',
        level: 'INFO',
        message: 'order created id=1001',
        content: '{"user":{"name":"li","age":30},"cost":12,"items":["a","b"]}',
        nums: '[1,2,3]',
      },
      {
        __time__: 1716167100,
        __source__: 'app-1',
        __topic__: '',
        level: 'ERROR',
        message: 'payment failed: timeout after 3000 ms',
        content: '{"user":{"name":"wang","age":41},"cost":80,"items":[]}',
        nums: '[3,4]',
      },
      {
        __time__: 1716167400,
        __source__: 'app-2',
        __topic__: '',
        level: 'WARN',
        message: 'payment retry',
        content: '{"user":{"name":"li","age":30},"cost":5,"items":["a"]}',
        nums: '[]',
      },
      {
        __time__: 1716169200,
        __source__: 'app-2',
        __topic__: '',
        level: 'ERROR',
        message: 'timeout: payment service',
        content: 'not json',
        nums: '[10]',
      },
    ],
  },
};

const CASES: readonly ConformanceCase[] = [
  {
    name: 'search-all',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '*',
    expected: { ids: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  },
  {
    name: 'search-empty-string',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '',
    expected: { ids: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  },
  {
    name: 'search-fulltext-word',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'curl',
    expected: { ids: [1, 5, 7] },
  },
  {
    name: 'search-adjacent-words-are-and',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'GET index.html',
    expected: { ids: [0, 6, 8] },
  },
  {
    name: 'search-and-or-precedence',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'request_method:HEAD or request_method:GET and status:404',
    expected: { ids: [4, 9] },
  },
  {
    name: 'search-or-two-status',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'status:500 or status:502',
    expected: { ids: [3, 5] },
  },
  {
    name: 'search-numeric-range-comparisons',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'status >= 400 and status < 500',
    expected: { ids: [4, 7] },
  },
  {
    name: 'search-numeric-in-half-open',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'status in [400 500)',
    expected: { ids: [4, 7] },
  },
  {
    name: 'search-numeric-in-closed-both',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'status in [403 404]',
    expected: { ids: [4, 7] },
  },
  {
    name: 'search-double-greater',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'request_time > 1',
    expected: { ids: [3, 5] },
  },
  {
    name: 'search-not-field',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'not request_method:GET',
    expected: { ids: [2, 3, 7, 9] },
  },
  {
    name: 'search-and-not',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'request_uri:login not alice',
    expected: { ids: [3] },
  },
  {
    name: 'search-quoted-multi-token-is-and-of-tokens',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '"api/user"',
    expected: { ids: [1, 2, 3, 5, 7] },
  },
  {
    name: 'search-field-quoted-special-chars',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'request_uri:"id=7"',
    expected: { ids: [1, 7] },
  },
  {
    name: 'search-field-case-insensitive-value',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'request_method:get',
    expected: { ids: [0, 1, 4, 5, 6, 8] },
  },
  {
    name: 'search-field-wildcard-star',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'host:api*',
    expected: { ids: [1, 2, 3, 5, 7] },
  },
  {
    name: 'search-fulltext-wildcard-question',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'chro?e',
    expected: { ids: [0, 4, 6] },
  },
  {
    name: 'search-field-exists',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'http_user_agent:*',
    expected: { ids: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
  },
  {
    name: 'search-field-missing',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'not http_user_agent:*',
    expected: { ids: [9] },
  },
  {
    name: 'search-parentheses',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '(request_method:POST or request_method:DELETE) and status >= 500',
    expected: { ids: [3] },
  },
  {
    name: 'search-source',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '__source__:10.1.1.2',
    expected: { ids: [2, 3, 5, 7] },
  },
  {
    name: 'search-topic',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '__topic__:nginx and status:404',
    expected: { ids: [4] },
  },
  {
    name: 'search-dotted-value-is-one-token',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'index.html',
    expected: { ids: [0, 6, 8, 9] },
  },
  {
    name: 'search-dotted-value-part-does-not-match',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'index',
    expected: { ids: [] },
  },
  {
    name: 'search-ip-prefix-wildcard',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'remote_addr:1.2.*',
    expected: { ids: [0, 1, 6] },
  },
  {
    name: 'search-error-field-without-index',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'referer:"x"',
    expected: {
      error: {
        code: 'ParameterInvalid',
        message:
          'key (referer) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "',
      },
    },
  },
  {
    name: 'search-error-leading-wildcard',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'host:*.com',
    expected: { error: { code: 'ParameterInvalid' } },
  },
  {
    name: 'search-phrase-forces-adjacency',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '#"api/user"',
    expected: { ids: [1, 5, 7] },
  },
  {
    name: 'sql-pv',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select count(*) as pv',
    expected: { columns: ['pv'], rows: [['10']] },
  },
  {
    name: 'sql-pv-uv',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select count(1) as pv, approx_distinct(remote_addr) as uv',
    expected: { columns: ['pv', 'uv'], rows: [['10', '4']] },
  },
  {
    name: 'sql-search-part-filters-first',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'status >= 500 | select count(*) as errors',
    expected: { columns: ['errors'], rows: [['2']] },
  },
  {
    name: 'sql-empty-search-part-before-pipe',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '| select count(*) as pv',
    expected: { columns: ['pv'], rows: [['10']] },
  },
  {
    name: 'sql-unnamed-expressions',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select count(*), max(status)',
    expected: { columns: ['_col0', '_col1'], rows: [['10', '502']] },
  },
  {
    name: 'sql-pv-uv-per-hour',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select date_format(date_trunc('hour', __time__), '%m-%d %H:%i') as time, count(1) as pv, approx_distinct(remote_addr) as uv group by time order by time limit 1000",
    expected: {
      columns: ['time', 'pv', 'uv'],
      rows: [
        ['05-20 10:00', '6', '3'],
        ['05-20 11:00', '2', '2'],
        ['05-20 12:00', '2', '1'],
      ],
    },
  },
  {
    name: 'sql-pv-per-minute-modulo',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "host:www.a.com | select date_format(from_unixtime(__time__ - __time__ % 60), '%H:%i:%S') as minute, count(*) as pv group by minute order by minute",
    expected: {
      columns: ['minute', 'pv'],
      rows: [
        ['10:00:00', '1'],
        ['10:03:00', '1'],
        ['11:00:00', '1'],
        ['12:15:00', '2'],
      ],
    },
  },
  {
    name: 'sql-pv-per-5-minutes-bigint',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select __time__ - __time__ % 300 as t, count(*) as c group by t order by t',
    expected: {
      columns: ['t', 'c'],
      rows: [
        ['1716170400', '5'],
        ['1716173700', '1'],
        ['1716174000', '1'],
        ['1716175800', '1'],
        ['1716178500', '2'],
      ],
    },
  },
  {
    name: 'sql-top-path-without-query-string',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | SELECT split_part(request_uri, '?', 1) AS path, COUNT(*) AS pv GROUP BY path ORDER BY pv DESC, path LIMIT 3",
    expected: {
      columns: ['path', 'pv'],
      rows: [
        ['/index.html', '4'],
        ['/api/user', '3'],
        ['/api/login', '2'],
      ],
    },
  },
  {
    name: 'sql-status-class-integer-division',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select status / 100 as class, count(*) as c group by class order by class',
    expected: {
      columns: ['class', 'c'],
      rows: [
        ['2', '5'],
        ['3', '1'],
        ['4', '2'],
        ['5', '2'],
      ],
      exact: true,
    },
  },
  {
    name: 'sql-status-percent-window',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select status, round(c * 100.0 / sum(c) over (), 1) as pct from (select status, count(*) as c from log group by status) order by status',
    expected: {
      columns: ['status', 'pct'],
      rows: [
        ['200', '50.0'],
        ['302', '10.0'],
        ['403', '10.0'],
        ['404', '10.0'],
        ['500', '10.0'],
        ['502', '10.0'],
      ],
      exact: true,
    },
  },
  {
    name: 'sql-error-rate-percent',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select round(count_if(status >= 500) * 100.0 / count(*), 2) as rate',
    expected: { columns: ['rate'], rows: [['20.0']], exact: true },
  },
  {
    name: 'sql-error-rate-if-sum',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select sum(if(status >= 400, 1, 0)) as bad, sum(if(status >= 400, 1, 0)) * 1.0 / count(*) as rate',
    expected: { columns: ['bad', 'rate'], rows: [['4', '0.4']] },
  },
  {
    name: 'sql-error-detail-list',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'status >= 500 | select request_uri, status, request_time order by __time__',
    expected: {
      columns: ['request_uri', 'status', 'request_time'],
      rows: [
        ['/api/login?user=bob', '500', '1.5'],
        ['/api/user?id=8', '502', '3.0'],
      ],
      exact: true,
    },
  },
  {
    name: 'sql-median-latency',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      'request_method:GET not status:502 | select approx_percentile(request_time, 0.5) as p50, approx_percentile(request_time, 0.99) as p99',
    expected: { columns: ['p50', 'p99'], rows: [['0.015', '0.12']] },
  },
  {
    name: 'sql-avg-latency-by-host-having-alias',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select host, avg(request_time) as rt group by host having rt > 0.1 order by rt desc',
    expected: { columns: ['host', 'rt'], rows: [['api.a.com', '0.98']] },
  },
  {
    name: 'sql-slowest-three',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select request_uri, request_time order by request_time desc limit 3',
    expected: {
      columns: ['request_uri', 'request_time'],
      rows: [
        ['/api/user?id=8', '3.0'],
        ['/api/login?user=bob', '1.5'],
        ['/api/login?user=alice', '0.25'],
      ],
    },
  },
  {
    name: 'sql-max-by-min-by',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select max_by(request_uri, request_time) as slow, min_by(request_method, request_time) as fast',
    expected: { columns: ['slow', 'fast'], rows: [['/api/user?id=8', 'HEAD']] },
  },
  {
    name: 'sql-ua-family-alias-shadows-column',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | SELECT CASE WHEN http_user_agent like '%Chrome%' then 'chrome' WHEN http_user_agent like '%Safari%' then 'safari' WHEN http_user_agent like '%Firefox%' then 'firefox' ELSE 'other' END AS http_user_agent, count(*) AS pv GROUP BY http_user_agent ORDER BY pv desc, http_user_agent",
    expected: {
      columns: ['http_user_agent', 'pv'],
      rows: [
        ['other', '4'],
        ['chrome', '3'],
        ['safari', '2'],
        ['firefox', '1'],
      ],
    },
  },
  {
    name: 'sql-latency-buckets-case',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select case when request_time < 0.1 then 'a<100ms' when request_time < 1 then 'b<1s' else 'c>=1s' end as bucket, count(*) as c group by bucket order by bucket",
    expected: {
      columns: ['bucket', 'c'],
      rows: [
        ['a<100ms', '6'],
        ['b<1s', '2'],
        ['c>=1s', '2'],
      ],
    },
  },
  {
    name: 'sql-traffic-per-host',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select host, sum(body_bytes_sent) as bytes group by host order by bytes desc',
    expected: {
      columns: ['host', 'bytes'],
      rows: [
        ['www.a.com', '1986'],
        ['api.a.com', '375'],
      ],
    },
  },
  {
    name: 'sql-top-client-ip',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select remote_addr, count(*) as c group by remote_addr order by c desc, remote_addr limit 2',
    expected: {
      columns: ['remote_addr', 'c'],
      rows: [
        ['1.2.3.4', '3'],
        ['5.6.7.8', '3'],
      ],
    },
  },
  {
    name: 'sql-group-by-ordinal',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select request_method, count(*) as c group by 1 order by 2 desc, 1',
    expected: {
      columns: ['request_method', 'c'],
      rows: [
        ['GET', '6'],
        ['POST', '2'],
        ['DELETE', '1'],
        ['HEAD', '1'],
      ],
    },
  },
  {
    name: 'sql-histogram-map',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select histogram(request_method) as h',
    expected: { columns: ['h'], rows: [['{"DELETE":1,"GET":6,"HEAD":1,"POST":2}']] },
  },
  {
    name: 'sql-top-one-uri-per-host-row-number',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select host, path, c from (select host, path, c, row_number() over (partition by host order by c desc, path) as rn from (select host, split_part(request_uri,'?',1) as path, count(*) as c from log group by host, path)) where rn = 1 order by host",
    expected: {
      columns: ['host', 'path', 'c'],
      rows: [
        ['api.a.com', '/api/user', '3'],
        ['www.a.com', '/index.html', '4'],
      ],
    },
  },
  {
    name: 'sql-hourly-difference-lag',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select t, pv, pv - lag(pv, 1, pv) over (order by t) as diff from (select hour(from_unixtime(__time__)) as t, count(*) as pv from log group by t) order by t',
    expected: {
      columns: ['t', 'pv', 'diff'],
      rows: [
        ['10', '6', '0'],
        ['11', '2', '-4'],
        ['12', '2', '0'],
      ],
    },
  },
  {
    name: 'sql-running-total',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select t, sum(pv) over (order by t) as total from (select hour(from_unixtime(__time__)) as t, count(*) as pv from log group by t) order by t',
    expected: {
      columns: ['t', 'total'],
      rows: [
        ['10', '6'],
        ['11', '8'],
        ['12', '10'],
      ],
    },
  },
  {
    name: 'sql-first-path-segment-regexp-extract',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select regexp_extract(request_uri, '^/([^/?]+)', 1) as seg, count(*) as c group by seg order by c desc, seg",
    expected: {
      columns: ['seg', 'c'],
      rows: [
        ['api', '5'],
        ['index.html', '4'],
        ['img', '1'],
      ],
    },
  },
  {
    name: 'sql-regexp-no-match-is-null',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select regexp_extract(request_uri, 'id=(\\d+)', 1) as id, count(*) as c group by id order by id",
    expected: {
      columns: ['id', 'c'],
      rows: [
        ['7', '2'],
        ['8', '1'],
        ['null', '7'],
      ],
    },
  },
  {
    name: 'sql-regexp-like-filter',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: "* | select count(*) as c where regexp_like(request_uri, '\\.(png|jpg|css|js)$')",
    expected: { columns: ['c'], rows: [['1']] },
  },
  {
    name: 'sql-regexp-replace-mask-ip',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select regexp_replace(remote_addr, '(\\d+)\\.(\\d+)\\.\\d+\\.\\d+', '$1.$2.*.*') as net, count(*) as c group by net order by c desc, net",
    expected: {
      columns: ['net', 'c'],
      rows: [
        ['1.2.*.*', '3'],
        ['5.6.*.*', '3'],
        ['10.0.*.*', '2'],
        ['9.9.*.*', '2'],
      ],
    },
  },
  {
    name: 'sql-url-parameter',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "request_uri:login | select url_extract_parameter(concat('http://', host, request_uri), 'user') as u, count(*) as c group by u order by u",
    expected: {
      columns: ['u', 'c'],
      rows: [
        ['alice', '1'],
        ['bob', '1'],
      ],
    },
  },
  {
    name: 'sql-dirty-number-try-cast',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select count(try_cast(upstream_time as double)) as n, round(avg(try_cast(upstream_time as double)), 3) as a',
    expected: { columns: ['n', 'a'], rows: [['5', '0.934']] },
  },
  {
    name: 'sql-null-counts',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select count(*) as all_rows, count(http_user_agent) as with_ua',
    expected: { columns: ['all_rows', 'with_ua'], rows: [['10', '9']] },
  },
  {
    name: 'sql-null-cell-text',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'request_method:HEAD | select request_uri, http_user_agent',
    expected: {
      columns: ['request_uri', 'http_user_agent'],
      rows: [['/index.html', 'null']],
      exact: true,
    },
  },
  {
    name: 'sql-coalesce-default',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select coalesce(http_user_agent, '-') as ua, count(*) as c group by ua order by c desc, ua limit 2",
    expected: {
      columns: ['ua', 'c'],
      rows: [
        ['Mozilla/5.0 (Windows NT 10.0) Chrome/124.0', '3'],
        ['curl/8.0', '3'],
      ],
    },
  },
  {
    name: 'sql-count-distinct-per-group',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select host, count(distinct remote_addr) as uv group by host order by host',
    expected: {
      columns: ['host', 'uv'],
      rows: [
        ['api.a.com', '3'],
        ['www.a.com', '3'],
      ],
    },
  },
  {
    name: 'sql-average-of-hourly-counts',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select avg(pv) as a, max(pv) as m from (select hour(from_unixtime(__time__)) as h, count(*) as pv from log group by h)',
    expected: { columns: ['a', 'm'], rows: [['3.3333333333333335', '6']] },
  },
  {
    name: 'sql-in-subquery',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select count(*) as c from log where remote_addr in (select remote_addr from log where status >= 500)',
    expected: { columns: ['c'], rows: [['5']] },
  },
  {
    name: 'sql-union-all',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select 'ok' as k, count(*) as c from log where status < 400 union all select 'bad' as k, count(*) as c from log where status >= 400 order by k",
    expected: {
      columns: ['k', 'c'],
      rows: [
        ['bad', '4'],
        ['ok', '6'],
      ],
    },
  },
  {
    name: 'sql-with-clause',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | with t as (select host, count(*) as c from log group by host) select sum(c) as s, count(*) as n from t',
    expected: { columns: ['s', 'n'], rows: [['10', '2']] },
  },
  {
    name: 'sql-self-join',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select a.host, a.c, b.e from (select host, count(*) as c from log group by host) a left join (select host, count(*) as e from log where status >= 500 group by host) b on a.host = b.host order by a.host',
    expected: {
      columns: ['host', 'c', 'e'],
      rows: [
        ['api.a.com', '5', '2'],
        ['www.a.com', '5', 'null'],
      ],
    },
  },
  {
    name: 'sql-limit-offset-count',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select remote_addr, count(*) as c group by remote_addr order by remote_addr limit 1, 2',
    expected: {
      columns: ['remote_addr', 'c'],
      rows: [
        ['10.0.0.8', '2'],
        ['5.6.7.8', '3'],
      ],
    },
  },
  {
    name: 'sql-like-filter',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select count(*) as c from log where request_uri like '/api/%' and request_uri not like '%login%'",
    expected: { columns: ['c'], rows: [['3']] },
  },
  {
    name: 'sql-group-by-weekday-and-hour',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select day_of_week(from_unixtime(__time__)) as d, hour(from_unixtime(__time__)) as h, count(*) as c group by d, h order by d, h',
    expected: {
      columns: ['d', 'h', 'c'],
      rows: [
        ['1', '10', '6'],
        ['1', '11', '2'],
        ['1', '12', '2'],
      ],
    },
  },
  {
    name: 'sql-timestamp-output-format',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "status:404 | select from_unixtime(__time__) as t, date_trunc('day', __time__) as d, __time__ as s",
    expected: {
      columns: ['t', 'd', 's'],
      rows: [['2024-05-20 10:03:00.000', '2024-05-20 00:00:00.000', '1716170580']],
      exact: true,
    },
  },
  {
    name: 'sql-ip-prefix-top-subnet',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select ip_prefix(remote_addr, 24) as net, count(*) as c group by net order by c desc, net limit 2',
    expected: {
      columns: ['net', 'c'],
      rows: [
        ['1.2.3.0/24', '3'],
        ['5.6.7.0/24', '3'],
      ],
    },
  },
  {
    name: 'sql-array-agg-sorted-join',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select host, array_join(array_sort(array_agg(distinct request_method)), ',') as m group by host order by host",
    expected: {
      columns: ['host', 'm'],
      rows: [
        ['api.a.com', 'DELETE,GET,POST'],
        ['www.a.com', 'GET,HEAD'],
      ],
    },
  },
  {
    name: 'sql-split-and-subscript',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select split(request_uri, '/')[2] as p, count(*) as c where request_uri like '/img%' group by p",
    expected: { columns: ['p', 'c'], rows: [['img', '1']] },
  },
  {
    name: 'sql-having-count',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select remote_addr, count(*) as c group by remote_addr having count(*) >= 3 order by remote_addr',
    expected: {
      columns: ['remote_addr', 'c'],
      rows: [
        ['1.2.3.4', '3'],
        ['5.6.7.8', '3'],
      ],
    },
  },
  {
    name: 'sql-filter-clause',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select count(*) filter (where status >= 500) as e, count(*) filter (where status < 400) as ok',
    expected: { columns: ['e', 'ok'], rows: [['2', '6']] },
  },
  {
    name: 'sql-substr-strpos',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select substr(request_uri, 1, strpos(request_uri, '?') - 1) as p, count(*) as c where strpos(request_uri, '?') > 0 group by p order by p",
    expected: {
      columns: ['p', 'c'],
      rows: [
        ['/api/login', '2'],
        ['/api/user', '3'],
        ['/index.html', '1'],
      ],
    },
  },
  {
    name: 'sql-distinct',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select distinct request_method order by request_method',
    expected: { columns: ['request_method'], rows: [['DELETE'], ['GET'], ['HEAD'], ['POST']] },
  },
  {
    name: 'sql-source-and-topic-columns',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query:
      'status:200 | select __source__, __topic__, count(*) as c group by __source__, __topic__',
    expected: { columns: ['__source__', '__topic__', 'c'], rows: [['10.1.1.1', 'nginx', '5']] },
  },
  {
    name: 'sql-default-limit-100',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'status:404 | select n from log, unnest(sequence(1,150)) as t(n)',
    expected: { row_count: 100 },
  },
  {
    name: 'sql-error-unknown-column',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select referer, count(*) as c group by referer',
    expected: {
      error: { code: 'ParameterInvalid', message_contains: "Column 'referer' cannot be resolved" },
    },
  },
  {
    name: 'sql-error-column-not-in-group-by',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: '* | select host, status, count(*) as c group by host',
    expected: { error: { code: 'ParameterInvalid', message_contains: "'status'" } },
  },
  {
    name: 'sql-error-select-without-search-part',
    logs: 'nginx',
    from: 1716134400,
    to: 1716220800,
    query: 'select count(*) from log',
    expected: {
      error: { code: 'ParameterInvalid', message_contains: 'sql query must follow search query' },
    },
  },
  {
    name: 'app-fulltext-two-words',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: 'payment timeout',
    expected: { ids: [1, 3] },
  },
  {
    name: 'app-phrase-order-matters',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: '#"payment failed"',
    expected: { ids: [1] },
  },
  {
    name: 'app-level-and-text',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: 'level:ERROR and message:timeout',
    expected: { ids: [1, 3] },
  },
  {
    name: 'app-json-subfield-text',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: 'content.user.name:li',
    expected: { ids: [0, 2] },
  },
  {
    name: 'app-json-subfield-number',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: 'content.cost > 10',
    expected: { ids: [0, 1] },
  },
  {
    name: 'app-error-count-by-source',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: 'level:ERROR | select __source__, count(*) as c group by __source__ order by __source__',
    expected: {
      columns: ['__source__', 'c'],
      rows: [
        ['app-1', '1'],
        ['app-2', '1'],
      ],
    },
  },
  {
    name: 'app-json-extract-scalar',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select json_extract_scalar(content, '$.user.name') as n, sum(cast(json_extract_scalar(content, '$.cost') as bigint)) as s group by n order by n",
    expected: {
      columns: ['n', 's'],
      rows: [
        ['li', '17'],
        ['wang', '80'],
        ['null', 'null'],
      ],
    },
  },
  {
    name: 'app-json-indexed-columns',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: '* | select "content.user.name" as n, sum("content.cost") as s group by n order by n',
    expected: {
      columns: ['n', 's'],
      rows: [
        ['li', '17'],
        ['wang', '80'],
        ['null', 'null'],
      ],
    },
  },
  {
    name: 'app-json-array-length',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select json_array_length(json_extract(content, '$.items')) as n, count(*) as c group by n order by n",
    expected: {
      columns: ['n', 'c'],
      rows: [
        ['0', '1'],
        ['1', '1'],
        ['2', '1'],
        ['null', '1'],
      ],
    },
  },
  {
    name: 'app-unnest-array',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select n, count(*) as c from log, unnest(cast(json_parse(nums) as array(bigint))) as t(n) group by n order by n',
    expected: {
      columns: ['n', 'c'],
      rows: [
        ['1', '1'],
        ['2', '1'],
        ['3', '2'],
        ['4', '1'],
        ['10', '1'],
      ],
    },
  },
  {
    name: 'app-lambda-filter',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query:
      '* | select message from log where cardinality(filter(cast(json_parse(nums) as array(bigint)), x -> x >= 4)) > 0 order by __time__',
    expected: {
      columns: ['message'],
      rows: [['payment failed: timeout after 3000 ms'], ['timeout: payment service']],
    },
  },
  {
    name: 'app-levels-per-half-hour',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query:
      "* | select date_format(__time__ - __time__ % 1800, '%H:%i') as t, level, count(*) as c group by t, level order by t, level",
    expected: {
      columns: ['t', 'level', 'c'],
      rows: [
        ['09:00', 'ERROR', '1'],
        ['09:00', 'INFO', '1'],
        ['09:00', 'WARN', '1'],
        ['09:30', 'ERROR', '1'],
      ],
    },
  },
  {
    name: 'app-extract-number-from-text',
    logs: 'app',
    from: 1716134400,
    to: 1716220800,
    query: "* | select max(cast(regexp_extract(message, '(\\d+) ms', 1) as bigint)) as ms",
    expected: { columns: ['ms'], rows: [['3000']] },
  },
];

const worlds = new Map<string, QueryFixture>();

beforeAll(async () => {
  for (const [name, { index, logs }] of Object.entries(DATA_SETS)) {
    const world = await QueryFixture.create();
    world.index = index;
    // Two segments, so that every answer is a merge.
    const half = Math.ceil(logs.length / 2);
    const numbered = logs.map((log, i) => ({ ...log, __number__: String(i) }));
    await world.add(numbered.slice(0, half));
    await world.add(numbered.slice(half));
    worlds.set(name, world);
  }
});
afterAll(async () => {
  for (const world of worlds.values()) await world[Symbol.asyncDispose]();
});

function isSameCell(got: string, wanted: string, exact: boolean): boolean {
  if (got === wanted) return true;
  if (exact || got === '' || wanted === '') return false;
  const [x, y] = [Number(got), Number(wanted)];
  if (Number.isFinite(x) && Number.isFinite(y))
    return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y));
  try {
    return JSON.stringify(JSON.parse(got)) === JSON.stringify(JSON.parse(wanted));
  } catch {
    return false;
  }
}

/** The wanted table with the cells that count as equal put in as they came, for a readable difference. */
function alike(got: string[][], expected: Expected): readonly (readonly string[])[] {
  return (expected.rows ?? []).map((row, i) =>
    row.map((cell, j) => {
      const own = got[i]?.[j];
      return own !== undefined && isSameCell(own, cell, expected.exact ?? false) ? own : cell;
    }),
  );
}

test.each(CASES)('$name', async ({ logs, from, to, query, expected }) => {
  const world = must(worlds.get(logs), 'data set');
  const times = { fromTime: from, toTime: to };
  if (expected.error !== undefined) {
    const { code, message, message_contains: part = '' } = expected.error;
    await expect(world.query(query, times)).rejects.toMatchObject({
      code,
      message: message ?? expect.stringContaining(part),
    });
    return;
  }
  const answer = await world.query(query, times);
  expect(answer.progress).toBe('Complete');
  if (expected.ids !== undefined)
    expect(answer.rows.map((row) => Number(row['__number__'])).toSorted((a, b) => a - b)).toEqual(
      expected.ids,
    );
  if (expected.row_count !== undefined) expect(answer.rows.length).toBe(expected.row_count);
  if (expected.rows === undefined) return;
  expect(answer.keys).toEqual(expected.columns);
  const got = answer.rows.map((row) => answer.keys.map((key) => row[key] ?? ''));
  expect(got).toEqual(alike(got, expected));
});

test('no case is left out by accident', () => {
  expect(CASES.length).toBe(99);
});
