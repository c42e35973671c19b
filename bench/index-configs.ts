/** The index configurations that the scenarios use. */
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import type { CorpusSpec } from './corpus/corpus-cache.ts';

type KeyType = 'text' | 'long' | 'double' | 'json';

const ACCESS: Readonly<Record<string, KeyType>> = {
  remote_addr: 'text',
  remote_user: 'text',
  time_local: 'text',
  method: 'text',
  uri: 'text',
  protocol: 'text',
  status: 'long',
  body_bytes: 'long',
  referer: 'text',
  user_agent: 'text',
  request_time: 'double',
  upstream_time: 'double',
  host: 'text',
  x_forwarded_for: 'text',
  trace_id: 'text',
};
const APP: Readonly<Record<string, KeyType>> = {
  time: 'text',
  level: 'text',
  logger: 'text',
  thread: 'text',
  message: 'text',
  trace_id: 'text',
};
const JSON_FIELDS: Readonly<Record<string, KeyType>> = {
  level: 'text',
  service: 'text',
  env: 'text',
  region: 'text',
  version: 'text',
  host: 'text',
  pod: 'text',
  request_id: 'text',
  user_id: 'text',
  client_ip: 'text',
  path: 'text',
  status: 'long',
  duration_ms: 'double',
  http: 'json',
  kubernetes: 'json',
  user: 'json',
  trace_id: 'text',
};
const CONTENT: Readonly<Record<string, KeyType>> = { content: 'text' };

const MIX = { ...JSON_FIELDS, ...APP, ...ACCESS, ...CONTENT };

/** Full text over every field. With `hasKeys` also an index, with statistics, for each field that is known. */
export function indexConfig(spec: CorpusSpec, hasKeys: boolean): object {
  const text = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };
  const config = { line: text, max_text_len: 2048 };
  if (!hasKeys) return config;
  const keys = Object.entries(fieldTypes(spec)).map(([name, type]) => [
    name,
    type === 'text' || type === 'json'
      ? {
          type,
          ...text,
          doc_value: true,
          alias: '',
          ...(type === 'json' ? { index_all: true } : {}),
        }
      : { type, doc_value: true, alias: '' },
  ]);
  return { ...config, keys: Object.fromEntries(keys) as object };
}

function fieldTypes(spec: CorpusSpec): Readonly<Record<string, KeyType>> {
  if (spec.directory !== undefined) return { ...CONTENT, ...ACCESS };
  if (spec.kind === 'access') return spec.isLine ? CONTENT : ACCESS;
  return { app: APP, json: JSON_FIELDS, syslog: CONTENT, mix: MIX }[spec.kind];
}
