/**
 * Seeded synthetic logs with realistic vocabularies: web access lines and application lines with a trace id.
 * The same seed gives the same bytes on every machine.
 */
import type { Log, LogGroup } from '#protocol/log-group.ts';

/** Mulberry32: a small seeded generator (public domain, T. Ettinger); good enough for test data. */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const PATHS = [
  '/api/v1/user',
  '/api/v1/login',
  '/api/v1/order',
  '/static/app.js',
  '/index.html',
  '/healthz',
  '/api/v2/search',
  '/img/logo.png',
];
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
const STATUSES = ['200', '200', '200', '200', '200', '304', '404', '500', '502', '301'];
const LEVELS = ['INFO', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR', 'DEBUG'];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1',
  'curl/8.9.1',
  'okhttp/5.1.0',
];
const MODULES = [
  'order.service',
  'payment.gateway',
  'user.session',
  'cache.redis',
  'db.pool',
  'mq.consumer',
];
const PHRASES = [
  'request handled in %d ms',
  'connection to upstream 10.%d.%d.%d:8080 reset by peer, retrying',
  'cache miss for key user:%d:profile',
  'order %d accepted, amount %d.%d',
  'slow query took %d ms: select * from orders where user_id = %d',
  'token for user %d refreshed',
  'queue depth %d above the threshold %d',
];

/** One log group of about `rawBytes`, with log times around `timeSeconds`. */
export function makeLogGroup(
  random: () => number,
  rawBytes: number,
  timeSeconds: number,
): LogGroup {
  const logs: Log[] = [];
  let size = 0;
  while (size < rawBytes) {
    const contents = random() < 0.5 ? accessLog(random, timeSeconds) : applicationLog(random);
    size += contents.reduce((sum, { key, value }) => sum + key.length + value.length + 8, 8);
    logs.push({ time: timeSeconds, contents });
  }
  return {
    logs,
    topic: 'bench',
    source: `10.0.0.${below(random, 16)}`,
    tags: [{ key: '__hostname__', value: `host-${below(random, 16)}` }],
  };
}

interface TextField {
  readonly key: string;
  readonly value: string;
}

function accessLog(random: () => number, timeSeconds: number): TextField[] {
  const client = `${below(random, 223)}.${below(random, 256)}.${below(random, 256)}.${below(random, 256)}`;
  const path = `${pick(random, PATHS)}?id=${below(random, 100_000)}`;
  const time = new Date(timeSeconds * 1000).toISOString();
  const line = `${client} - - [${time}] "${pick(random, METHODS)} ${path} HTTP/1.1" ${pick(random, STATUSES)} ${below(random, 60_000)} "-" "${pick(random, AGENTS)}" ${(random() * 2).toFixed(3)}`;
  return [{ key: 'content', value: line }];
}

function applicationLog(random: () => number): TextField[] {
  const fields = [
    { key: 'level', value: pick(random, LEVELS) },
    { key: 'module', value: pick(random, MODULES) },
    {
      key: 'msg',
      value: pick(random, PHRASES).replaceAll('%d', () => String(below(random, 5000))),
    },
    { key: 'thread', value: `worker-${below(random, 32)}` },
  ];
  if (random() < 0.6) fields.push({ key: 'trace_id', value: hex(random, 32) });
  return fields;
}

function below(random: () => number, bound: number): number {
  return Math.floor(random() * bound);
}

function pick(random: () => number, values: readonly string[]): string {
  return values[below(random, values.length)] ?? '';
}

function hex(random: () => number, digits: number): string {
  let text = '';
  while (text.length < digits) text += below(random, 0x10000).toString(16).padStart(4, '0');
  return text;
}
