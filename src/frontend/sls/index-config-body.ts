/** Checks an index configuration as it arrives and fills in what clients leave out (sls-api §5.8). */
import { AppError } from '#base/app-error.ts';
import { KIB } from '#base/units.ts';
import { KEY_BYTES_MAX } from '#protocol/limits.ts';
import type {
  IndexConfig,
  JsonKeyIndex,
  KeyIndex,
  KeyIndexType,
  LineIndex,
} from '#protocol/index-config.ts';
import type { JsonObject } from './parameters.ts';
import { isJsonObject } from './parameters.ts';

const MAX_TEXT_LEN_DEFAULT = 2048;
const MAX_TEXT_LEN_MIN = 64;
const MAX_TEXT_LEN_MAX = 16_384;

/** Field indexes of one logstore; far above the 500 columns that a segment keeps apart. */
const KEYS_MAX = 2000;
const JSON_KEYS_MAX = 500;
const TOKENS_MAX = 128;
/** Bytes of a configuration (sls-query §1.1): it is part of every segment. */
const INDEX_BYTES_MAX: number = 64 * KIB;
const SINGLE_CHARACTER = /^.$/su;

/** Members that only answers have: they are made anew each time. */
const ANSWER_ONLY: ReadonlySet<string> = new Set([
  'ttl',
  'index_mode',
  'storage',
  'lastModifyTime',
]);

/** `bytes`: the body as it arrived. Errors: IndexInfoInvalid. Unknown members are kept. */
export function parseIndexConfig(body: JsonObject, bytes: number): IndexConfig {
  if (bytes > INDEX_BYTES_MAX)
    throw invalid(`index config is larger than ${INDEX_BYTES_MAX} bytes`);
  const line = body['line'] ?? undefined;
  const keys = body['keys'] ?? undefined;
  if (
    (line === undefined && keys === undefined) ||
    (line !== undefined && !isJsonObject(line)) ||
    (keys !== undefined && !isJsonObject(keys))
  )
    throw invalid('required fields line/keys are lacking or of error format');
  const others = Object.entries(body).filter(
    ([name]) => !ANSWER_ONLY.has(name) && name !== 'line' && name !== 'keys',
  );
  checkLogReduce(body);
  const fields = keys === undefined ? undefined : keyIndexes(keys);
  if (fields !== undefined) checkColumnNames(fields);
  return {
    ...Object.fromEntries(others),
    ...(line === undefined ? {} : { line: lineIndex(line) }),
    ...(fields === undefined ? {} : { keys: fields }),
    max_text_len: maxTextLength(body['max_text_len']),
  };
}

/** The lists of fields that clusters are made of; they are kept as they came. */
function checkLogReduce(body: JsonObject): void {
  flag(body['log_reduce'], 'log_reduce');
  const white = stringList(body['log_reduce_white_list'], 'log_reduce_white_list') ?? [];
  const black = stringList(body['log_reduce_black_list'], 'log_reduce_black_list') ?? [];
  if (white.length > 0 && black.length > 0)
    throw invalid('log_reduce_white_list and log_reduce_black_list cannot be used together');
}

/**
 * No two columns of SQL may have one name (sls-query §1.1). Names of fields that differ in case only are allowed, since
 * logs may have both; an alias is new, and SQL ignores case.
 */
function checkColumnNames(keys: Readonly<Record<string, KeyIndex>>): void {
  const owners = new Map<string, string>([['__time__', '__time__']]);
  const columns = Object.entries(keys).flatMap(([name, key]) => [
    { name, alias: key.alias },
    ...Object.entries(key.json_keys ?? {}).map(([path, sub]) => ({
      name: `${name}.${path}`,
      alias: sub.alias ?? '',
    })),
  ]);
  const exact = new Set<string>();
  for (const { name } of columns) {
    if (exact.has(name)) throw invalid('duplicate column conflicts');
    exact.add(name);
    owners.set(name.toLowerCase(), name);
  }
  for (const reserved of ['__source__', '__topic__']) owners.set(reserved, reserved);
  for (const { name, alias } of columns) {
    const owner = owners.get(alias.toLowerCase());
    if (owner !== undefined && owner !== name) throw invalid('duplicate column conflicts');
    if (alias !== '') owners.set(alias.toLowerCase(), name);
  }
}

function lineIndex(line: JsonObject): LineIndex {
  const include = stringList(line['include_keys'], 'include_keys');
  const exclude = stringList(line['exclude_keys'], 'exclude_keys');
  if (include !== undefined && exclude !== undefined && include.length > 0 && exclude.length > 0)
    throw invalid('include_keys and exclude_keys cannot be used together');
  const token = tokens(line['token'], 'line');
  if (token === undefined) throw invalid('line config must has token');
  return {
    ...line,
    token,
    caseSensitive: flag(line['caseSensitive'], 'caseSensitive') ?? false,
    chn: flag(line['chn'], 'chn') ?? false,
  };
}

function keyIndexes(keys: JsonObject): Readonly<Record<string, KeyIndex>> {
  const entries = Object.entries(keys);
  if (entries.length > KEYS_MAX) throw invalid(`keys has more than ${KEYS_MAX} entries`);
  const parsed = entries.map(([name, key]) => {
    checkKeyName(name);
    return [name, keyIndex(name, key)] as const;
  });
  return Object.fromEntries(parsed);
}

function keyIndex(name: string, key: unknown): KeyIndex {
  if (!isJsonObject(key)) throw invalid(`key config of ${shown(name)} is not an object`);
  const type = keyType(key['type'], name);
  const isText = type === 'text' || type === 'json';
  return {
    ...key,
    type,
    ...(isText ? { token: tokens(key['token'], shown(name)) ?? [] } : {}),
    caseSensitive: flag(key['caseSensitive'], 'caseSensitive') ?? false,
    chn: flag(key['chn'], 'chn') ?? false,
    doc_value: flag(key['doc_value'], 'doc_value') ?? false,
    alias: alias(key['alias']),
    ...(type === 'json' ? jsonMembers(key) : {}),
  };
}

function jsonMembers(key: JsonObject): Partial<KeyIndex> {
  const depth = key['max_depth'] ?? -1;
  if (typeof depth !== 'number' || !Number.isInteger(depth) || depth < -1)
    throw invalid('max_depth is not an integer from -1');
  const jsonKeys = key['json_keys'] ?? {};
  if (!isJsonObject(jsonKeys)) throw invalid('json_keys is not an object');
  if (Object.keys(jsonKeys).length > JSON_KEYS_MAX)
    throw invalid(`json_keys has more than ${JSON_KEYS_MAX} entries`);
  const parsed = Object.entries(jsonKeys).map(
    ([path, value]) => [path, jsonKeyIndex(path, value)] as const,
  );
  return {
    index_all: flag(key['index_all'], 'index_all') ?? false,
    max_depth: depth,
    json_keys: Object.fromEntries(parsed),
  };
}

function jsonKeyIndex(path: string, value: unknown): JsonKeyIndex {
  checkKeyName(path);
  if (!isJsonObject(value)) throw invalid(`key config of ${shown(path)} is not an object`);
  const type = keyType(value['type'], path);
  if (type === 'json') throw invalid(`type of ${shown(path)} is not text, long or double`);
  return {
    ...value,
    type,
    doc_value: flag(value['doc_value'], 'doc_value') ?? false,
    alias: alias(value['alias']),
  };
}

function keyType(value: unknown, name: string): KeyIndexType {
  if (value === undefined || value === null || value === '')
    throw invalid('key config must has type');
  if (value === 'text' || value === 'long' || value === 'double' || value === 'json') return value;
  throw invalid(`type of ${shown(name)} is not text, long, double or json`);
}

function checkKeyName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > KEY_BYTES_MAX || name === '__proto__')
    throw invalid(`key ${shown(name)} is not 1 to ${KEY_BYTES_MAX} bytes long`);
}

function tokens(value: unknown, where: string): readonly string[] | undefined {
  const list = stringList(value, `token of ${where}`);
  if (list === undefined) return undefined;
  if (list.length > TOKENS_MAX || !list.every((token) => SINGLE_CHARACTER.test(token)))
    throw invalid(`token of ${where} is not a list of single characters`);
  return list;
}

function stringList(value: unknown, name: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'string');
  if (!isList) throw invalid(`${name} is not a list of strings`);
  return value;
}

function flag(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalid(`${name} is not true or false`);
  return value;
}

function alias(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string' || Buffer.byteLength(value) > KEY_BYTES_MAX)
    throw invalid('alias is not a text of at most 128 bytes');
  return value;
}

function maxTextLength(value: unknown): number {
  if (value === undefined || value === null || value === 0) return MAX_TEXT_LEN_DEFAULT;
  const isRight = typeof value === 'number' && Number.isInteger(value);
  if (!isRight || value < MAX_TEXT_LEN_MIN || value > MAX_TEXT_LEN_MAX)
    throw invalid(`max_text_len is not from ${MAX_TEXT_LEN_MIN} to ${MAX_TEXT_LEN_MAX}`);
  return value;
}

function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function invalid(message: string): AppError {
  return new AppError('IndexInfoInvalid', message);
}
