/** CreateLogStore, GetLogStore, UpdateLogStore, DeleteLogStore, ListLogStores (sls-api §5.2). */
import { AppError } from '#base/app-error.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import {
  LIST_SIZE_MAX,
  LOGSTORE_LIST_SIZE_DEFAULT,
  SHARD_COUNT_MAX,
  SPLIT_SHARD_COUNT_MAX,
  TTL_DAYS_MAX,
} from '#protocol/limits.ts';
import { checkName } from '#protocol/names.ts';
import { EMPTY_REPLY, jsonReply } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import type { JsonObject } from './parameters.ts';
import { jsonBody, Members, pageOf, pathParameter, queryParameter } from './parameters.ts';

/** Members that are stored and echoed without meaning of their own. */
const ATTRIBUTES = [
  'telemetryType',
  'hot_ttl',
  'infrequentAccessTTL',
  'mode',
  'encrypt_conf',
  'processorId',
  'shardingPolicy',
  'resourceQuota',
  'enableModify',
  'resourceGroupId',
];

interface LogstoreSettings {
  readonly ttl: number | undefined;
  readonly enableTracking: boolean | undefined;
  readonly autoSplit: boolean | undefined;
  readonly maxSplitShard: number | undefined;
  readonly appendMeta: boolean | undefined;
  readonly attributes: JsonObject;
}

export async function createLogstore(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const members = new Members(jsonBody(call), 'LogStoreInfoInvalid');
  const logstoreName = members.required('logstoreName', members.text('logstoreName', 256));
  checkName('logstore', logstoreName);
  const settings = readSettings(members);
  await rooms.backend.createLogstore(call.projectName, {
    logstoreName,
    ttl: members.required('ttl', settings.ttl),
    shardCount: members.required('shardCount', members.integer('shardCount', 1, SHARD_COUNT_MAX)),
    enableTracking: settings.enableTracking ?? false,
    autoSplit: settings.autoSplit ?? false,
    maxSplitShard: settings.maxSplitShard ?? 64,
    appendMeta: settings.appendMeta ?? false,
    attributes: settings.attributes,
  });
  return EMPTY_REPLY;
}

export async function getLogstore(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const name = pathParameter(call, 'logstore');
  return jsonReply(logstoreJson(await rooms.catalog.getLogstore(call.projectName, name)));
}

export async function updateLogstore(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const name = pathParameter(call, 'logstore');
  const members = new Members(jsonBody(call), 'LogStoreInfoInvalid');
  const named = members.text('logstoreName', 256);
  if (named !== undefined && named !== name)
    throw new AppError('LogStoreInfoInvalid', 'logstoreName is not the one of the path');
  const settings = readSettings(members);
  const shardCount = members.integer('shardCount', 0, SPLIT_SHARD_COUNT_MAX);
  const current = await rooms.catalog.getLogstore(call.projectName, name);
  if (shardCount !== undefined && shardCount !== writableShardCount(current))
    throw new AppError(
      'ParameterInvalid',
      'invalid shard count,you can only modify shardCount by split& merge shard',
    );
  await rooms.backend.updateLogstore(call.projectName, name, withoutUndefined(settings));
  return EMPTY_REPLY;
}

export async function deleteLogstore(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  await rooms.backend.deleteLogstore(call.projectName, pathParameter(call, 'logstore'));
  return EMPTY_REPLY;
}

export async function listLogstores(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const page = pageOf(call, LOGSTORE_LIST_SIZE_DEFAULT);
  const nameContains = queryParameter(call, 'logstoreName');
  const telemetryType = queryParameter(call, 'telemetryType') ?? '';
  const mode = queryParameter(call, 'mode') ?? '';
  if (telemetryType === '' && mode === '') {
    const { total, logstoreNames } = await rooms.catalog.listLogstores(call.projectName, {
      ...page,
      nameContains,
    });
    return jsonReply({ count: logstoreNames.length, total, logstores: logstoreNames });
  }
  const names = await filteredNames(call, rooms, (logstore) => {
    const attributes = logstore.attributes;
    const isType = (textOf(attributes['telemetryType']) || 'None') === telemetryType;
    const isMode = (textOf(attributes['mode']) || 'standard') === mode;
    return (telemetryType === '' || isType) && (mode === '' || isMode);
  });
  const logstores = names.slice(page.offset, page.offset + page.size);
  return jsonReply({ count: logstores.length, total: names.length, logstores });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Names of all logstores that pass both the name filter of the call and the test. */
async function filteredNames(
  call: SlsCall,
  rooms: SlsRooms,
  test: (logstore: Logstore) => boolean,
): Promise<readonly string[]> {
  const nameContains = queryParameter(call, 'logstoreName');
  const found: string[] = [];
  for (let offset = 0; ; offset += LIST_SIZE_MAX) {
    const { total, logstoreNames } = await rooms.catalog.listLogstores(call.projectName, {
      offset,
      size: LIST_SIZE_MAX,
      nameContains,
    });
    for (const name of logstoreNames)
      if (test(await rooms.catalog.getLogstore(call.projectName, name))) found.push(name);
    if (offset + LIST_SIZE_MAX >= total) return found;
  }
}

function readSettings(members: Members): LogstoreSettings {
  members.text('telemetryType', 32);
  members.text('mode', 32);
  members.integer('hot_ttl', 0, TTL_DAYS_MAX);
  members.integer('infrequentAccessTTL', 0, TTL_DAYS_MAX);
  return {
    ttl: members.integer('ttl', 1, TTL_DAYS_MAX),
    enableTracking: members.boolean('enable_tracking'),
    autoSplit: members.boolean('autoSplit'),
    // Clients send 0 along with autoSplit off.
    maxSplitShard: members.integer('maxSplitShard', 0, SPLIT_SHARD_COUNT_MAX),
    appendMeta: members.boolean('appendMeta'),
    attributes: members.pick(ATTRIBUTES),
  };
}

/** Members that the client left out must not be there at all: they would replace what is stored. */
function withoutUndefined<T extends object>(
  value: T,
): { readonly [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

function writableShardCount(logstore: Logstore): number {
  return logstore.shards.filter((shard) => shard.status === 'readwrite').length;
}

function logstoreJson(logstore: Logstore): unknown {
  return {
    telemetryType: '',
    mode: 'standard',
    ...logstore.attributes,
    logstoreName: logstore.logstoreName,
    ttl: logstore.ttl,
    shardCount: writableShardCount(logstore),
    enable_tracking: logstore.enableTracking,
    autoSplit: logstore.autoSplit,
    maxSplitShard: logstore.maxSplitShard,
    appendMeta: logstore.appendMeta,
    createTime: Math.floor(logstore.createTimeMs / 1000),
    lastModifyTime: Math.floor(logstore.lastModifyTimeMs / 1000),
  };
}
