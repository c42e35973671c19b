/** What every SLS operation is given and what it may use. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Backend } from '#backend/backend.ts';
import type { Ingest } from '#ingest/put-logs.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import type { Catalog } from '#meta/catalog.ts';
import type { Clock } from '#platform/clock.ts';
import type { QueryService } from '#query/query-service.ts';
import type { LiveTail } from '#query/tail/live-tail.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { HttpReply } from '../http-message.ts';

/** One authenticated request. */
export interface SlsCall {
  /** Empty at account level. */
  readonly projectName: string;
  /** Percent-decoded path parameters by the names in the route's pattern. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Decoded query pairs in order of arrival. */
  readonly query: readonly (readonly [key: string, value: string])[];
  readonly headers: IncomingHttpHeaders;
  /** As sent, still compressed. */
  readonly body: Buffer;
  readonly clientAddress: string;
  readonly requestId: string;
  /** Host of the request without project and port; shown as the project's endpoint. */
  readonly endpoint: string;
  /** The console: answers must be readable by a browser, so never compressed the SLS way. */
  readonly fromConsole: boolean;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** The rooms that operations work with. */
export interface SlsRooms {
  readonly catalog: Catalog;
  readonly backend: Backend;
  readonly ingest: Ingest;
  readonly queryService: QueryService;
  readonly liveTail: LiveTail;
  readonly shardLog: ShardLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shown as the region of every project. */
  readonly region: string;
}

export type Operation = (call: SlsCall, rooms: SlsRooms) => Promise<HttpReply>;
