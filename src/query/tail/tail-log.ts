/** The logs of a record as a live tail needs them: fields to match, and the row that GetLogs would give. */
import type { LogRecord } from '#loghub/shard-log.ts';
import { decompress } from '#protocol/compression.ts';
import { decodeLogGroup } from '#protocol/log-group.ts';
import { setField } from '#segment/log-row.ts';
import type { LogFields, LogLayout } from '../match/log-fields.ts';

const TAG_PREFIX = '__tag__:';

export class TailLog {
  /** Unix seconds. */
  readonly time: number;
  readonly timeNs: number;
  /** Topic, source, tags and contents. */
  readonly fields: ReadonlyMap<string, string>;
  #json: string | undefined;
  #laidOut: LogFields | undefined;

  constructor(time: number, timeNs: number, fields: ReadonlyMap<string, string>) {
    this.time = time;
    this.timeNs = timeNs;
    this.fields = fields;
  }

  get topic(): string {
    return this.fields.get('__topic__') ?? '';
  }

  /** What the index would have of it; made once, with the layout of the first call, and valid while no other log is. */
  laidOut(layout: LogLayout): LogFields {
    return (this.#laidOut ??= layout.fieldsOf(this.fields));
  }

  /** The row as JSON; made once for all who get it. */
  get json(): string {
    if (this.#json === undefined) {
      const row: Record<string, string> = { __time__: String(this.time) };
      if (this.timeNs !== 0) row['__time_ns_part__'] = String(this.timeNs);
      for (const [name, value] of this.fields) setField(row, name, value);
      this.#json = JSON.stringify(row);
    }
    return this.#json;
  }
}

/**
 * As a segment would have them: of a key that repeats the last value counts, and a log's own fields replace those of
 * its group. `appendMeta`: with the tags that the server adds. Errors: those of `decompress` and `decodeLogGroup`.
 */
export function tailLogs(record: LogRecord, appendMeta: boolean): readonly TailLog[] {
  const { compression, payload, rawBytes, clientAddress, receiveTimeMs } = record;
  const group = decodeLogGroup(decompress(compression, payload, rawBytes, rawBytes));
  const shared = new Map([
    ['__source__', group.source],
    ['__topic__', group.topic],
  ]);
  for (const { key, value } of group.tags) shared.set(TAG_PREFIX + key, value);
  if (appendMeta) {
    if (clientAddress !== '') shared.set(`${TAG_PREFIX}__client_ip__`, clientAddress);
    shared.set(`${TAG_PREFIX}__receive_time__`, String(Math.floor(receiveTimeMs / 1000)));
  }
  return group.logs.map(({ time, timeNs, contents }) => {
    const fields = new Map(shared);
    for (const { key, value } of contents) fields.set(key, value);
    return new TailLog(time, timeNs ?? 0, fields);
  });
}
