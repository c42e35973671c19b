/**
 * Send: a batch goes out again and again until every log of it is acknowledged or set aside. Order within a file is the
 * caller's: it hands in a file's next batch when this one is done.
 */
import { errorMessage } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { AccessKeys } from './access-keys.ts';
import type { Alarms } from './alarms.ts';
import type { DeadLetter } from './dead-letter.ts';
import { halveBatch, type OutgoingBatch } from './log-batch.ts';
import { backoffMs, judgeAnswer, type RetryReason, type WriteAnswer } from './send-policy.ts';
import type { WriteClient } from './write-client.ts';

export interface SendTotals {
  readonly sentLogs: number;
  /** Bytes of groups before compression. */
  readonly sentRawBytes: number;
  readonly sentBodyBytes: number;
  readonly requests: number;
  readonly networkErrors: number;
  readonly serverErrors: number;
  readonly quotaErrors: number;
  readonly authErrors: number;
  readonly configErrors: number;
  /** Requests that the server refused because it had their logs already. */
  readonly repeatedRequests: number;
  /** Logs written to the dead-letter file. */
  readonly refusedLogs: number;
}

const NO_TOTALS: SendTotals = {
  sentLogs: 0,
  sentRawBytes: 0,
  sentBodyBytes: 0,
  requests: 0,
  networkErrors: 0,
  serverErrors: 0,
  quotaErrors: 0,
  authErrors: 0,
  configErrors: 0,
  repeatedRequests: 0,
  refusedLogs: 0,
};

const COUNTERS: Readonly<Record<RetryReason, keyof SendTotals>> = {
  network: 'networkErrors',
  server: 'serverErrors',
  quota: 'quotaErrors',
  auth: 'authErrors',
  config: 'configErrors',
};

type Outcome = 'accepted' | 'repeated' | 'refused' | 'clock' | RetryReason;

export class Sender {
  readonly #requestsMax: number;
  readonly #client: WriteClient;
  readonly #keys: AccessKeys;
  readonly #deadLetter: DeadLetter;
  readonly #alarms: Alarms;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #queue: (() => void)[] = [];
  #running = 0;
  /** The server's time minus ours, milliseconds. */
  #clockOffsetMs = 0;
  #totals = NO_TOTALS;

  constructor(
    options: { readonly concurrentRequests: number },
    collaborators: {
      readonly client: WriteClient;
      readonly keys: AccessKeys;
      readonly deadLetter: DeadLetter;
      readonly alarms: Alarms;
      readonly clock: Clock;
      readonly random: Random;
    },
  ) {
    this.#requestsMax = options.concurrentRequests;
    this.#client = collaborators.client;
    this.#keys = collaborators.keys;
    this.#deadLetter = collaborators.deadLetter;
    this.#alarms = collaborators.alarms;
    this.#clock = collaborators.clock;
    this.#random = collaborators.random;
  }

  get totals(): SendTotals {
    return this.#totals;
  }

  /**
   * Resolves when the server has acknowledged every log, or the ones it refuses are durable in the dead-letter file.
   * Gives the offset up to which the server has the file when that is not the end of the batch: then the file is to be
   * read on from there. Rejects only with the reason of the signal; then the batch may have been stored or not.
   */
  async send(batch: OutgoingBatch, signal: AbortSignal): Promise<number | undefined> {
    let attempt = 0;
    let clockFixes = 0;
    for (;;) {
      signal.throwIfAborted();
      attempt++;
      const { outcome, answer } = await this.#attempt(batch, signal);
      if (outcome === 'accepted') return undefined;
      if (outcome === 'repeated') return elsewhere(batch, answer);
      let reason: RetryReason = 'config';
      if (outcome === 'clock' && clockFixes++ < 2) continue;
      if (outcome === 'refused') {
        const divided = await this.#divide(batch, answer, signal);
        if (divided.done) return divided.resumeAt;
      } else if (outcome !== 'clock') reason = outcome;
      if (reason === 'auth' && (await this.#keys.reload())) continue;
      await this.#clock.sleep(backoffMs(reason, attempt, this.#fraction()), signal);
    }
  }

  async #attempt(
    batch: OutgoingBatch,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: Outcome; readonly answer: WriteAnswer | undefined }> {
    await this.#enter();
    let answer: WriteAnswer;
    try {
      this.#count('requests', 1);
      const nowMs = this.#clock.nowMs() + this.#clockOffsetMs;
      answer = await this.#client.post(batch, { key: this.#keys.current, nowMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      this.#fail(batch, 'network', errorMessage(error));
      return { outcome: 'network', answer: undefined };
    } finally {
      this.#leave();
    }
    const verdict = judgeAnswer(answer);
    if (verdict.kind === 'accepted') {
      this.#count('sentLogs', batch.logs.length);
      this.#count('sentRawBytes', batch.rawBytes);
      this.#count('sentBodyBytes', batch.body.length);
      return { outcome: 'accepted', answer };
    }
    if (verdict.kind === 'repeated') return { outcome: this.#repeated(batch, answer), answer };
    if (verdict.kind === 'clock' && answer.serverTime !== undefined)
      this.#clockOffsetMs = answer.serverTime * 1000 - this.#clock.nowMs();
    const outcome = verdict.kind === 'retry' ? verdict.reason : verdict.kind;
    if (outcome !== 'refused')
      this.#fail(
        batch,
        outcome === 'clock' ? 'config' : outcome,
        `${answer.status} ${answer.errorCode} ${answer.errorMessage}`.slice(0, 512),
      );
    return { outcome, answer };
  }

  /** A server that has less than comes before the batch has no reason to refuse it: that is its failure. */
  #repeated(batch: OutgoingBatch, answer: WriteAnswer): Outcome {
    const { lastSequence } = answer;
    if (lastSequence !== undefined && lastSequence <= batch.writer.start) {
      this.#fail(batch, 'server', `${answer.errorCode} for what the server does not have`);
      return 'server';
    }
    this.#count('repeatedRequests', 1);
    return 'repeated';
  }

  /** Halves a refused batch until the refused logs stand alone. Not done when one cannot even be set aside. */
  async #divide(
    batch: OutgoingBatch,
    answer: WriteAnswer | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly done: boolean; readonly resumeAt: number | undefined }> {
    if (batch.logs.length > 1) {
      for (const half of halveBatch(batch)) {
        const resumeAt = await this.send(half, signal);
        if (resumeAt !== undefined) return { done: true, resumeAt };
      }
      return { done: true, resumeAt: undefined };
    }
    const code = answer?.errorCode ?? '';
    const message = answer?.errorMessage ?? '';
    let written = false;
    let problem = 'the dead-letter file is full';
    try {
      const refusal = { code, message, nowMs: this.#clock.nowMs() };
      written = await this.#deadLetter.write(batch, refusal);
    } catch (error) {
      problem = errorMessage(error);
    }
    if (written) this.#count('refusedLogs', batch.logs.length);
    this.#alarms.raise(
      written ? 'DISCARD_DATA_ALARM' : 'SEND_DATA_FAIL_ALARM',
      batch.path,
      written ? `the server refused a log (${code}), it is in the dead-letter file` : problem,
    );
    return { done: written, resumeAt: undefined };
  }

  #fail(batch: OutgoingBatch, reason: RetryReason, message: string): void {
    this.#count(COUNTERS[reason], 1);
    const { project, logstore } = batch.target;
    this.#alarms.raise(
      reason === 'quota' ? 'SEND_QUOTA_EXCEED_ALARM' : 'SEND_DATA_FAIL_ALARM',
      `${project}/${logstore}`,
      `${reason}: ${message}`,
    );
  }

  #count(name: keyof SendTotals, by: number): void {
    this.#totals = { ...this.#totals, [name]: this.#totals[name] + by };
  }

  #fraction(): number {
    return this.#random.below(1000) / 1000;
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#requestsMax) {
      this.#running++;
      return;
    }
    await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

/** Where the server is, unless that is the end of the batch. One that does not say has all of it. */
function elsewhere(batch: OutgoingBatch, answer: WriteAnswer | undefined): number | undefined {
  const last = answer?.lastSequence;
  return last === batch.writer.ends.at(-1) ? undefined : last;
}
