/**
 * What waits for one subscriber of a live tail. A subscriber who does not keep up loses logs and is told how many, in
 * the place where they are missing; nobody waits for him.
 */
import type { Clock } from '#platform/clock.ts';
import {
  TAIL_EVENT_CHARS_MAX,
  TAIL_EVENT_LOGS_MAX,
  TAIL_LOGS_PER_SECOND_MAX,
  TAIL_QUEUE_CHARS_MAX,
  TAIL_QUEUE_LOGS_MAX,
  TAIL_QUEUES_CHARS_MAX,
} from '../limits.ts';
import { SECOND_MS } from '#base/units.ts';
import { Wakeup } from './wakeup.ts';

/**
 * `slow`: the subscriber took them too slowly. `rate`: there were more in a second than anybody reads. `behind`: the
 * server did not get to look at them; counted in log groups, since nobody knows which logs they held.
 */
export type DropReason = 'slow' | 'rate' | 'behind';

export type TailEvent =
  /** Rows as JSON objects, in order of arrival. */
  | { readonly kind: 'logs'; readonly rows: readonly string[] }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly count: number };

/** Characters in the queues of all subscribers. */
export class QueuedChars {
  count = 0;
}

interface Notice {
  readonly reason: DropReason;
  count: number;
}

export class TailQueue implements Disposable {
  readonly #clock: Clock;
  readonly #total: QueuedChars;
  readonly #wakeup: Wakeup;
  #items: (string | Notice)[] = [];
  #logCount = 0;
  #chars = 0;
  #secondStartMs: number;
  #secondLogs = 0;
  #end: { readonly error: unknown } | undefined;

  constructor(clock: Clock, total: QueuedChars) {
    this.#clock = clock;
    this.#total = total;
    this.#wakeup = new Wakeup(clock);
    this.#secondStartMs = clock.monotonicMs();
  }

  /** Adds a row, or counts it as dropped. */
  offer(row: string): void {
    if (this.#end !== undefined) return;
    if (this.#isTooFast()) this.drop('rate', 1);
    else if (this.#isFull(row)) this.drop('slow', 1);
    else this.#add(row);
  }

  /** Adds rows from before the tail began, in front of what is there; they count for no rate. */
  prepend(rows: readonly string[]): void {
    const items = this.#items;
    this.#items = [];
    for (const row of rows) this.#add(row);
    this.#items.push(...items);
  }

  drop(reason: DropReason, count: number): void {
    const last = this.#items.at(-1);
    if (typeof last === 'object' && last.reason === reason) last.count += count;
    else this.#items.push({ reason, count });
    this.#wakeup.wake();
  }

  /** What is queued can still be taken; then `next` throws the error. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wakeup.wake();
  }

  /**
   * What comes next; undefined when nothing came for `waitMs`. Errors: that of `fail`, the signal's reason. One call at
   * a time.
   */
  async next(waitMs: number, signal: AbortSignal): Promise<TailEvent | undefined> {
    this.#wakeup.reset();
    if (this.#items.length === 0 && this.#end === undefined)
      await this.#wakeup.wait(waitMs, signal);
    signal.throwIfAborted();
    return this.#take();
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#end ??= { error: new Error('the subscription is over') };
    this.#items = [];
    this.#total.count -= this.#chars;
    this.#chars = 0;
  }

  #add(row: string): void {
    this.#items.push(row);
    this.#logCount++;
    this.#count(row.length);
    this.#wakeup.wake();
  }

  #isTooFast(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#secondStartMs >= SECOND_MS) {
      this.#secondStartMs = nowMs;
      this.#secondLogs = 0;
    }
    return ++this.#secondLogs > TAIL_LOGS_PER_SECOND_MAX;
  }

  /** A row alone is never too long for an empty queue. */
  #isFull(row: string): boolean {
    return (
      this.#logCount > 0 &&
      (this.#logCount >= TAIL_QUEUE_LOGS_MAX ||
        this.#chars + row.length > TAIL_QUEUE_CHARS_MAX ||
        this.#total.count + row.length > TAIL_QUEUES_CHARS_MAX)
    );
  }

  #take(): TailEvent | undefined {
    const first = this.#items[0];
    if (first === undefined) {
      if (this.#end !== undefined) throw this.#end.error;
      return undefined;
    }
    if (typeof first === 'object') {
      this.#items.shift();
      return { kind: 'dropped', ...first };
    }
    const rows: string[] = [];
    let chars = 0;
    for (const item of this.#items) {
      if (typeof item === 'object' || rows.length === TAIL_EVENT_LOGS_MAX) break;
      if (rows.length > 0 && chars + item.length > TAIL_EVENT_CHARS_MAX) break;
      rows.push(item);
      chars += item.length;
    }
    this.#items.splice(0, rows.length);
    this.#logCount -= rows.length;
    this.#count(-chars);
    return { kind: 'logs', rows };
  }

  #count(chars: number): void {
    this.#chars += chars;
    this.#total.count += chars;
  }
}
