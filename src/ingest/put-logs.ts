/** The write path behind PutLogs and web tracking: check, count, choose a shard, append. */
import { AppError } from '#base/app-error.ts';
import type { AppendWriter, NewRecord, ShardLog } from '#loghub/shard-log.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { Clock } from '#platform/clock.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import { BODY_RAW_BYTES_MAX } from '#protocol/limits.ts';
import { ShardChooser } from './choose-shard.ts';
import { decodeBody, type BodyForm, type DecodeRules, type TimeWindow } from './decode-body.ts';
import { CLIENT_ADDRESS_CHARACTERS_MAX, IN_FLIGHT_BYTES_MAX } from './limits.ts';

const WRITER_KEY = /^[0-9a-f]{32}$/;

export interface IngestOptions {
  /** Refuses logs whose time is further from now. Default: any time but 0 is accepted. */
  readonly timeWindow?: TimeWindow | undefined;
  /** Largest body once decompressed. Default 10 MB, the service's limit. */
  readonly bodyRawBytesMax?: number | undefined;
  /** Bodies in memory that wait for their append; beyond it writes get ServerBusy. Default 256 MB. */
  readonly inFlightBytesMax?: number | undefined;
}

/** The part of the catalog that a write needs. */
export interface LogstoreLookup {
  /** Errors: ProjectNotExist, LogStoreNotExist. */
  getLogstore(projectName: string, logstoreName: string): Promise<Logstore>;
}

export interface IngestCollaborators {
  readonly catalog: LogstoreLookup;
  readonly shardLog: Pick<ShardLog, 'append'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface PutLogsRequest {
  readonly projectName: string;
  readonly logstoreName: string;
  /** As sent. Must not change until the call resolves. */
  readonly body: Uint8Array;
  /** `x-log-compresstype`; without meaning for the form `packages`. */
  readonly compression: CompressionType;
  /** `x-log-bodyrawsize`. */
  readonly rawBytes: number | undefined;
  readonly form: BodyForm;
  /** The `key` of a routed write. */
  readonly hashKey?: string | undefined;
  /** Of a writer that sends each stretch once; only with `hashKey`, which is then its key. */
  readonly writerRange?: WriterRange | undefined;
  /** Of the sender; empty when unknown. */
  readonly clientAddress: string;
  /** A web-tracking write: needs the logstore's permission, and the server sets time and source. */
  readonly tracking?: boolean | undefined;
}

/** The stretch of a writer's sequence that a write stands for; see `AppendWriter`. */
export interface WriterRange {
  readonly previous: number;
  readonly sequence: number;
}

export class Ingest {
  readonly #rules: DecodeRules;
  readonly #inFlightBytesMax: number;
  readonly #collaborators: IngestCollaborators;
  readonly #chooser: ShardChooser = new ShardChooser();
  #inFlightBytes: number = 0;

  constructor(options: IngestOptions, collaborators: IngestCollaborators) {
    this.#rules = {
      bodyRawBytesMax: options.bodyRawBytesMax ?? BODY_RAW_BYTES_MAX,
      timeWindow: options.timeWindow ?? { pastMs: undefined, futureMs: undefined },
    };
    this.#inFlightBytesMax = options.inFlightBytesMax ?? IN_FLIGHT_BYTES_MAX;
    this.#collaborators = collaborators;
  }

  /** Bytes of bodies that are being written now. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /**
   * Writes all log groups of a body, or none of them; they are durable when it resolves. A body without logs
   * is accepted and leaves no trace. Errors: those of `LogstoreLookup`, `decodeBody`, `ShardChooser.choose`
   * and `ShardLog.append`, so InvalidSequenceId for a repeat; ParameterInvalid (a writer without a whole key
   * or with a range that goes back); Unauthorized (web tracking is off), ServerBusy (too much in flight).
   */
  async putLogs(request: PutLogsRequest): Promise<void> {
    const bytes = request.body.length;
    if (this.#inFlightBytes + bytes > this.#inFlightBytesMax) {
      throw new AppError('ServerBusy', 'too many writes at once, try again later');
    }
    this.#inFlightBytes += bytes;
    try {
      await this.#put(request);
    } finally {
      this.#inFlightBytes -= bytes;
    }
  }

  async #put(request: PutLogsRequest): Promise<void> {
    const { catalog, shardLog } = this.#collaborators;
    const logstore = await catalog.getLogstore(request.projectName, request.logstoreName);
    if (request.tracking === true && !logstore.enableTracking) {
      throw new AppError(
        'Unauthorized',
        `logstore ${logstore.logstoreName} does not accept web tracking`,
      );
    }
    const writer = writerOf(request);
    const records = this.#decode(request);
    const { shardId } = this.#chooser.choose(logstore, request.hashKey);
    if (records.length === 0) return;
    await shardLog.append({ logstoreId: logstore.id, shardId }, records, writer);
  }

  #decode(request: PutLogsRequest): readonly NewRecord[] {
    const { form, compression, rawBytes } = request;
    return decodeBody({ form, bytes: request.body, compression, rawBytes }, this.#rules, {
      receiveTimeMs: this.#collaborators.clock.nowMs(),
      clientAddress: request.clientAddress.slice(0, CLIENT_ADDRESS_CHARACTERS_MAX),
      tracking: request.tracking === true,
    });
  }
}

/** All records of a body are one append, so the last of them carries the writer. */
function writerOf(request: PutLogsRequest): AppendWriter | undefined {
  const { hashKey, writerRange } = request;
  if (writerRange === undefined) return undefined;
  const { previous, sequence } = writerRange;
  const key = (hashKey ?? '').toLowerCase();
  if (!WRITER_KEY.test(key))
    throw new AppError('ParameterInvalid', 'a sequence id needs a key of 32 hex digits');
  if (!Number.isSafeInteger(sequence) || !(previous >= 0) || !(sequence > previous))
    throw new AppError('ParameterInvalid', 'the sequence id is not above its start');
  return { key, previous, sequence };
}
