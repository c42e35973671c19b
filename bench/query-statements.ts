/** Twenty-two statements of dashboards and of people who look for a reason, over logs of the kind `mix`. */

export interface Statement {
  readonly name: string;
  /** Search part. */
  readonly search: string;
  /** The search part as a condition of DuckDB; undefined: all logs. */
  readonly bareSearch?: string;
  /** SQL of the service; `$where` stands for a condition that all logs meet. */
  readonly sql: string;
  /** The same question in DuckDB's own SQL, over `log`. Default: the service's SQL. */
  readonly bare?: string;
  /** Only so many of the last seconds. */
  readonly lastSeconds?: number;
}

/** The logstore that `join_logstores` reads: which team has which service. */
export const TEAMS_LOGSTORE = 'teams';

/** Of the server's default zone, Asia/Shanghai. */
const ZONE_SECONDS = 8 * 3600;

/** How far back `compare` looks. */
const COMPARE_SECONDS = 900;

export const STATEMENTS: readonly Statement[] = [
  {
    name: 'count',
    search: '*',
    sql: 'select count(*) as n from log where $where',
  },
  {
    name: 'pv_per_minute',
    search: '*',
    sql: "select date_trunc('minute', __time__) as t, count(*) as pv from log where $where group by t order by t limit 5000",
    bare: `select strftime(t, '%Y-%m-%d %H:%M:%S.%g') as t, pv from (select date_trunc('minute', make_timestamp((__time__ + ${ZONE_SECONDS}) * 1000000)) as t, count(*) as pv from log where $where group by t) order by t limit 5000`,
  },
  {
    name: 'uv_per_minute',
    search: '*',
    sql: 'select __time__ - __time__ % 60 as t, count(*) as pv, count(distinct remote_addr) as uv from log where $where group by t order by t limit 5000',
  },
  {
    name: 'top_hosts',
    search: '*',
    sql: 'select host, count(*) as n from log where $where group by host order by n desc, host limit 10',
  },
  {
    name: 'top_uris',
    search: '*',
    sql: 'select uri, count(*) as n from log where $where group by uri order by n desc, uri limit 10',
  },
  {
    name: 'error_ratio',
    search: '*',
    sql: 'select host, sum(case when status >= 500 then 1 else 0 end) * 1.0 / count(*) as ratio from log where $where group by host order by ratio desc, host limit 20',
  },
  {
    name: 'percentiles',
    search: '*',
    sql: 'select approx_percentile(request_time, 0.5) as p50, approx_percentile(request_time, 0.99) as p99 from log where $where',
    bare: 'select quantile_disc(request_time, 0.5) as p50, quantile_disc(request_time, 0.99) as p99 from log where $where',
  },
  {
    name: 'percentile_per_minute',
    search: '*',
    sql: 'select __time__ - __time__ % 60 as t, approx_percentile(request_time, 0.95) as p95 from log where $where group by t order by t limit 5000',
    bare: 'select __time__ - __time__ % 60 as t, quantile_disc(request_time, 0.95) as p95 from log where $where group by t order by t limit 5000',
  },
  {
    name: 'json',
    search: '*',
    sql: "select json_extract_scalar(http, '$.method') as m, count(*) as n, avg(duration_ms) as a from log where $where group by m order by n desc, m limit 20",
    bare: "select json_extract_string(http, '$.method') as m, count(*) as n, avg(duration_ms) as a from log where $where group by m order by n desc, m limit 20",
  },
  {
    name: 'distinct_users',
    search: '*',
    sql: 'select count(distinct user_id) as n from log where $where',
  },
  {
    name: 'self_join',
    search: '*',
    sql: "select a.service as service, a.n as n, b.n as errors from (select service, count(*) as n from log where $where group by service) a join (select service, count(*) as n from log where $where and level = 'error' group by service) b on a.service = b.service order by errors desc, service limit 20",
  },
  {
    name: 'join_logstores',
    search: '*',
    sql: `select t.team as team, count(*) as n, avg(l.duration_ms) as a from log l join ${TEAMS_LOGSTORE} t on l.service = t.service where l.$where group by t.team order by n desc, team limit 20`,
  },
  {
    name: 'window',
    search: '*',
    sql: 'select t, n, n - lag(n) over (order by t) as change from (select __time__ - __time__ % 60 as t, count(*) as n from log where $where group by t) order by t limit 5000',
  },
  {
    name: 'compare',
    search: '*',
    lastSeconds: COMPARE_SECONDS,
    sql: `select diff[1] as now_n, diff[2] as before_n, diff[3] as ratio from (select compare(n, ${COMPARE_SECONDS}) as diff from (select count(*) as n from log where $where))`,
    bare: `select a.n as now_n, b.n as before_n, a.n / b.n as ratio from (select count(*) as n from log where $where) a, (select count(*) as n from log_before where $where) b`,
  },
  {
    name: 'buckets',
    search: '*',
    sql: "select case when request_time < 0.1 then 'fast' when request_time < 1 then 'fair' else 'slow' end as bucket, count(*) as n, avg(body_bytes) as bytes from log where $where and method <> '' group by bucket order by bucket",
  },
  {
    name: 'regexp',
    search: '*',
    sql: "select regexp_extract(uri, '^/([a-z]+)', 1) as area, count(*) as n from log where $where group by area order by n desc, area limit 20",
    bare: "select nullif(regexp_extract(uri, '^/([a-z]+)', 1), '') as area, count(*) as n from log where $where group by area order by n desc, area limit 20",
  },
  {
    name: 'url',
    search: '*',
    sql: "select url_extract_parameter(uri, 'lang') as lang, count(*) as n from log where $where group by lang order by n desc, lang limit 20",
    bare: String.raw`select nullif(regexp_extract(uri, '[?&]lang=([^&#]*)', 1), '') as lang, count(*) as n from log where $where group by lang order by n desc, lang limit 20`,
  },
  {
    name: 'map_agg',
    search: '*',
    sql: "select element_at(map_agg(service, n), 'checkout') as checkout from (select service, count(*) as n from log where $where and service <> '' group by service)",
    bare: "select map(list(service), list(n))['checkout'] as checkout from (select service, count(*) as n from log where $where and service <> '' group by service)",
  },
  {
    name: 'having',
    search: '*',
    sql: "select remote_user, count(*) as n from log where $where and remote_user <> '' group by remote_user having count(*) > 20 order by n desc, remote_user limit 50",
  },
  {
    name: 'nested',
    search: '*',
    sql: 'select count(*) as clients, avg(n) as average, max(n) as most from (select remote_addr, count(*) as n from log where $where group by remote_addr)',
  },
  {
    name: 'word_5',
    search: 'uri:checkout or service:checkout',
    bareSearch: "(uri like '/checkout%' or service = 'checkout')",
    sql: 'select status, count(*) as n, avg(body_bytes) as a from log where $where group by status order by n desc, status limit 20',
  },
  {
    name: 'word_01',
    search: 'uri:checkout and method:HEAD',
    bareSearch: "(uri like '/checkout%' and method = 'HEAD')",
    sql: 'select host, count(*) as n, max(request_time) as a from log where $where group by host order by n desc, host limit 20',
  },
];

/**
 * The query with a condition that no log fails and no other `attempt` has: nothing that was kept of another one can
 * answer it.
 */
export function queryText({ search, sql }: Statement, attempt: number): string {
  return `${search} | ${sql.replaceAll('$where', `__time__ > ${attempt}`)}`;
}

export function bareText({ bare, sql, bareSearch }: Statement): string {
  const condition = bareSearch === undefined ? '__time__ > 0' : `__time__ > 0 and ${bareSearch}`;
  return (bare ?? sql).replaceAll('$where', condition);
}
