/**
 * Every operation that the server has, in one table: the documentation of the API is made from it, and the
 * dispatcher works by it. Paths are tried from top to bottom, so literal segments stand before parameters.
 */
import { JSON_BODY_BYTES_MAX, BODY_BYTES_MAX } from '../limits.ts';
import { tailLogs } from '../management/live-tail.ts';
import { createReindex, deleteReindex, getReindex } from '../management/reindex.ts';
import { createScrub } from '../management/scrub.ts';
import { getContextLogs } from './context-logs.ts';
import { createIndex, deleteIndex, getIndex, updateIndex } from './index-config.ts';
import {
  createLogstore,
  deleteLogstore,
  getLogstore,
  listLogstores,
  updateLogstore,
} from './logstore.ts';
import type { Operation } from './operation.ts';
import { getProjectLogs } from './project-logs.ts';
import { createProject, deleteProject, getProject, listProject, updateProject } from './project.ts';
import { pullLogs } from './pull-logs.ts';
import { putLogs, putLogsByKey } from './put-logs.ts';
import { getHistograms, getLogsV1, getLogsV3 } from './search.ts';
import { getCursor, getCursorTime, listShards } from './shard.ts';

export interface Route {
  /** The operation's name in the public API. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` stands for one segment. */
  readonly path: string;
  /**
   * Values of the query parameter `type` that choose this route. Undefined: the one without `type` where
   * other routes of method and path have one, else any.
   */
  readonly types?: readonly string[] | undefined;
  /** `account`: only when the request names no project; `any`: with or without one. */
  readonly scope: 'project' | 'account' | 'any';
  readonly bodyBytesMax: number;
  readonly run: Operation;
}

const SMALL = { scope: 'project', bodyBytesMax: JSON_BODY_BYTES_MAX } as const;
const WRITE = { scope: 'project', method: 'POST', bodyBytesMax: BODY_BYTES_MAX } as const;

const LOGSTORES = '/logstores';
const LOGSTORE = '/logstores/{logstore}';
const INDEX = '/logstores/{logstore}/index';
const REINDEX = '/logstores/{logstore}/reindex';
const SHARD = '/logstores/{logstore}/shards/{shard}';

export const ROUTES: readonly Route[] = [
  {
    ...SMALL,
    operation: 'CreateProject',
    method: 'POST',
    path: '/',
    scope: 'any',
    run: createProject,
  },
  {
    ...SMALL,
    operation: 'ListProject',
    method: 'GET',
    path: '/',
    scope: 'account',
    run: listProject,
  },
  { ...SMALL, operation: 'GetProject', method: 'GET', path: '/', run: getProject },
  { ...SMALL, operation: 'UpdateProject', method: 'PUT', path: '/', run: updateProject },
  { ...SMALL, operation: 'DeleteProject', method: 'DELETE', path: '/', run: deleteProject },

  { ...SMALL, operation: 'CreateLogStore', method: 'POST', path: LOGSTORES, run: createLogstore },
  { ...SMALL, operation: 'ListLogStores', method: 'GET', path: LOGSTORES, run: listLogstores },
  { ...SMALL, operation: 'GetLogStore', method: 'GET', path: LOGSTORE, run: getLogstore },
  { ...SMALL, operation: 'UpdateLogStore', method: 'PUT', path: LOGSTORE, run: updateLogstore },
  { ...SMALL, operation: 'DeleteLogStore', method: 'DELETE', path: LOGSTORE, run: deleteLogstore },

  { ...WRITE, operation: 'PutLogs', path: LOGSTORE, run: putLogs },
  { ...WRITE, operation: 'PutLogs', path: `${LOGSTORE}/shards/lb`, run: putLogs },
  { ...WRITE, operation: 'PutLogs', path: `${LOGSTORE}/shards/route`, run: putLogsByKey },

  { ...SMALL, operation: 'ListShards', method: 'GET', path: `${LOGSTORE}/shards`, run: listShards },
  {
    ...SMALL,
    operation: 'GetCursor',
    method: 'GET',
    path: SHARD,
    types: ['cursor'],
    run: getCursor,
  },
  {
    ...SMALL,
    operation: 'GetCursorTime',
    method: 'GET',
    path: SHARD,
    types: ['cursor_time'],
    run: getCursorTime,
  },
  {
    ...SMALL,
    operation: 'PullLogs',
    method: 'GET',
    path: SHARD,
    types: ['log', 'logs'],
    run: pullLogs,
  },

  { ...SMALL, operation: 'GetLogs', method: 'GET', path: LOGSTORE, types: ['log'], run: getLogsV1 },
  { ...SMALL, operation: 'GetLogs', method: 'POST', path: `${LOGSTORE}/logs`, run: getLogsV3 },
  { ...SMALL, operation: 'GetProjectLogs', method: 'GET', path: '/logs', run: getProjectLogs },
  {
    ...SMALL,
    operation: 'GetContextLogs',
    method: 'GET',
    path: LOGSTORE,
    types: ['context_log'],
    run: getContextLogs,
  },
  {
    ...SMALL,
    operation: 'GetHistograms',
    method: 'GET',
    path: LOGSTORE,
    types: ['histogram'],
    run: getHistograms,
  },
  {
    ...SMALL,
    operation: 'GetHistograms',
    method: 'GET',
    path: INDEX,
    types: ['histogram'],
    run: getHistograms,
  },

  { ...SMALL, operation: 'CreateIndex', method: 'POST', path: INDEX, run: createIndex },
  { ...SMALL, operation: 'GetIndex', method: 'GET', path: INDEX, run: getIndex },
  { ...SMALL, operation: 'UpdateIndex', method: 'PUT', path: INDEX, run: updateIndex },
  { ...SMALL, operation: 'DeleteIndex', method: 'DELETE', path: INDEX, run: deleteIndex },

  // Of our own: SLS has no public operations for these.
  {
    ...SMALL,
    operation: 'TailLogs',
    method: 'GET',
    path: LOGSTORE,
    types: ['tail'],
    run: tailLogs,
  },
  { ...SMALL, operation: 'CreateReindex', method: 'POST', path: REINDEX, run: createReindex },
  { ...SMALL, operation: 'GetReindex', method: 'GET', path: REINDEX, run: getReindex },
  { ...SMALL, operation: 'DeleteReindex', method: 'DELETE', path: REINDEX, run: deleteReindex },

  // Of the server itself, so nothing of SLS: for the root access key, the only one there is.
  {
    ...SMALL,
    operation: 'CreateScrub',
    method: 'POST',
    path: '/scrubs',
    scope: 'any',
    run: createScrub,
  },
];
