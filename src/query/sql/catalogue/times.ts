/** Times. Arguments t may be seconds since 1970, timestamps, dates or texts; the zone is the server's. */
export const TIMES: readonly (readonly [title: string, entries: string])[] = [
  [
    'Date and time',
    String.raw`
now() | start of the query; also current_timestamp, current_date, current_time, localtime, localtimestamp | now() > from_unixtime(0) → true
current_timezone() | zone of the server | length(current_timezone()) > 2 → true
from_unixtime(n[, zone]) | timestamp of seconds since 1970 | from_unixtime(1592374067) → 2020-06-17 14:07:47.000
to_unixtime(t) | seconds since 1970 as a double | to_unixtime(from_unixtime(1592374067)) → 1.592374067E9
from_iso8601_timestamp(s) | timestamp with zone | to_unixtime(from_iso8601_timestamp('2024-05-20T00:00:00Z')) → 1.7161632E9
from_iso8601_date(s) | date | cast(from_iso8601_date('2024-05-20') as varchar) → 2024-05-20
to_iso8601(t) | text | to_iso8601(1592374067) → 2020-06-17T14:07:47.000
date(t) | date | date(1592374067) → 2020-06-17
date_format(t, f) | text by a MySQL pattern such as %Y-%m-%d %H:%i:%s | date_format(1592374067, '%Y-%m-%d %H:%i:%s') → 2020-06-17 14:07:47
date_parse(s, f) | timestamp by a MySQL pattern | date_parse('17/Jun/2020:14:07', '%d/%b/%Y:%H:%i') → 2020-06-17 14:07:00.000
date_trunc(u, t) | start of the second, minute, hour, day, week, month, quarter, year | date_trunc('week', 1592374067) → 2020-06-15 00:00:00.000
date_add(u, n, t) | n units later | date_add('hour', -3, 1592374067) → 2020-06-17 11:07:47.000
date_diff(u, a, b) | whole units from a to b | date_diff('day', '2024-05-19 23:00:00', '2024-05-21 01:00:00') → 1
year(t) | year | year(1592374067) → 2020
quarter(t) | quarter | quarter(1592374067) → 2
month(t) | month | month(1592374067) → 6
week(t) / week_of_year(t) | ISO week | week(1592374067) → 25
year_of_week(t) / yow(t) | year of the ISO week | yow(1592374067) → 2020
day(t) / day_of_month(t) | day of the month | day(1592374067) → 17
day_of_week(t) / dow(t) | 1 is Monday | day_of_week(1592374067) → 3
day_of_year(t) / doy(t) | day of the year | doy(1592374067) → 169
hour(t) | hour | hour(1592374067) → 14
minute(t) | minute | minute(1592374067) → 7
second(t) | second | second(1592374067) → 47
last_day_of_month(t) | date | last_day_of_month(1592374067) → 2020-06-30
timezone_hour(t) | hours of the offset | timezone_hour(from_unixtime(0)) → 8
timezone_minute(t) | minutes of the offset | timezone_minute(from_unixtime(0)) → 0
`,
  ],
];
