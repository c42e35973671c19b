/** A server under measurement: started, filled and asked over HTTP alone, as anybody would. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startServerProcess, type ServerProcess } from '../test/support/server-process.ts';
import { SlsClient } from '../test/support/sls-client.ts';
import { BodyFileReader, type Body } from './corpus/body-file.ts';
import type { Corpus } from './corpus/corpus-cache.ts';
import { readTreeUsage } from '../test/support/process-tree.ts';

export const PROJECT = 'bench';
export const LOGSTORE = 'logs';

/** Requests under way at once while the server is filled. */
const CLIENT_COUNT = 8;

const POLL_MS = 250;

/** Indexing of a gigabyte takes a minute; ten times that means that it stands still. */
const INDEX_WAIT_MS = 900_000;

/** A server is quiet when it used less than this part of a core for `QUIET_MS`. */
const QUIET_CPU = 0.03;
const QUIET_MS = 3000;
const QUIET_WAIT_MS = 300_000;

/** All times that a log may have. */
const ALL_OF_TIME = { from: 0, to: 4_000_000_000 } as const;

export interface TimeRange {
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
}

export class BenchServer implements AsyncDisposable {
  readonly client: SlsClient;
  readonly #process: ServerProcess;

  private constructor(process: ServerProcess) {
    this.#process = process;
    this.client = new SlsClient(process.endpoint);
  }

  static async start(
    dataDirectory: string,
    nodeFlags: readonly string[] = [],
  ): Promise<BenchServer> {
    return new BenchServer(await startServerProcess(dataDirectory, [], nodeFlags));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** A logstore that keeps the logs of the corpus, whose times are fixed, for ever. */
  async provision(index: object): Promise<void> {
    await this.client.provision(PROJECT, LOGSTORE, { shardCount: 2, ttl: 3650, index });
  }

  async put({ body, rawBytes }: Body, logstore: string = LOGSTORE): Promise<void> {
    const response = await this.client.send({
      method: 'POST',
      path: `/logstores/${logstore}/shards/lb`,
      project: PROJECT,
      headers: {
        'content-type': 'application/x-protobuf',
        'x-log-compresstype': 'lz4',
        'x-log-bodyrawsize': String(rawBytes),
      },
      body,
    });
    if (response.status !== 200)
      throw new Error(`PutLogs: ${response.status} ${response.body.toString()}`);
  }

  /** Sends the whole corpus as fast as the server takes it; milliseconds of each acknowledgement. */
  async fill(corpus: Corpus): Promise<readonly number[]> {
    using reader = new BodyFileReader(corpus.path);
    const latencies: number[] = [];
    const run = async (): Promise<void> => {
      for (let body = reader.next(); body !== undefined; body = reader.next()) {
        const sent = performance.now();
        await this.put(body);
        latencies.push(performance.now() - sent);
      }
    };
    await Promise.all(Array.from({ length: CLIENT_COUNT }, run));
    return latencies;
  }

  /** Asks until a complete answer counts `rowCount` logs. Errors: more logs than that, or too long a wait. */
  async waitUntilIndexed(rowCount: number): Promise<void> {
    const deadline = performance.now() + INDEX_WAIT_MS;
    for (;;) {
      const { count, isComplete } = await this.count('*', ALL_OF_TIME);
      if (isComplete && count >= rowCount) {
        if (count > rowCount) throw new Error(`${count} logs found, ${rowCount} were sent`);
        return;
      }
      if (performance.now() > deadline)
        throw new Error(`only ${count} of ${rowCount} logs are indexed`);
      await sleep(POLL_MS);
    }
  }

  /**
   * Makes the server commit everything: a change of the index configuration commits what came before it (and then
   * the old configuration is set again).
   */
  async commit(index: object): Promise<void> {
    const path = `/logstores/${LOGSTORE}/index`;
    await this.client.call('PUT', path, {
      project: PROJECT,
      json: { ...index, max_text_len: 2049 },
    });
    await this.client.call('PUT', path, { project: PROJECT, json: index });
  }

  /** Resolves when no work is left in the background; what it waited beyond that is at most `QUIET_MS`. */
  async waitUntilQuiet(): Promise<void> {
    const deadline = performance.now() + QUIET_WAIT_MS;
    let before = readTreeUsage(this.pid).cpuSeconds;
    while (performance.now() < deadline) {
      await sleep(QUIET_MS);
      const { cpuSeconds } = readTreeUsage(this.pid);
      if (cpuSeconds - before < (QUIET_CPU * QUIET_MS) / 1000) return;
      before = cpuSeconds;
    }
    throw new Error('the server does not come to rest');
  }

  /** GetHistograms. */
  async count(
    query: string,
    range: TimeRange,
  ): Promise<{ readonly count: number; readonly isComplete: boolean }> {
    const parameters = new URLSearchParams({
      type: 'histogram',
      from: String(range.from),
      to: String(range.to),
      query,
      topic: '',
    });
    const response = await this.client.send({
      method: 'GET',
      path: `/logstores/${LOGSTORE}?${parameters.toString()}`,
      project: PROJECT,
    });
    if (response.status !== 200) throw new Error(`GetHistograms: ${response.body.toString()}`);
    return {
      count: Number(response.headers['x-log-count']),
      isComplete: response.headers['x-log-progress'] === 'Complete',
    };
  }

  /** GetLogs; `isReverse`: the newest first. */
  async logs(
    query: string,
    range: TimeRange,
    isReverse: boolean = false,
  ): Promise<{
    readonly rows: readonly Readonly<Record<string, string>>[];
    readonly isComplete: boolean;
  }> {
    const { meta, data } = await this.client.search(PROJECT, LOGSTORE, query, {
      ...range,
      reverse: isReverse,
    });
    return { rows: data, isComplete: meta.progress === 'Complete' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.#process.stop();
  }
}
