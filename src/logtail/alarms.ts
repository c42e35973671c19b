/**
 * What an operator must know, merged by type and subject: logged when it first happens and then at most once a minute,
 * listed in the status file. Types are those of the SLS agents, so that dashboards match them.
 */
import type { Clock } from '#platform/clock.ts';
import { MINUTE_MS } from '#base/units.ts';
import type { Logger } from '#telemetry/logger.ts';
import { ALARMS_MAX } from './limits.ts';

export type AlarmType =
  | 'SEND_DATA_FAIL_ALARM'
  | 'SEND_QUOTA_EXCEED_ALARM'
  | 'DISCARD_DATA_ALARM'
  | 'LOG_TRUNCATE_ALARM'
  | 'SPLIT_LOG_FAIL_ALARM'
  | 'OPEN_LOGFILE_FAIL_ALARM'
  | 'LOGDIR_PERMISSION_ALARM'
  | 'OPEN_FILE_LIMIT_ALARM'
  | 'STAT_LIMIT_ALARM'
  | 'UNEXPECTED_FILE_TYPE_MODE_ALARM'
  | 'CHECKPOINT_ALARM'
  | 'DROP_LOG_ALARM';

export interface Alarm {
  readonly type: AlarmType;
  readonly subject: string;
  readonly message: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export class Alarms {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #alarms = new Map<string, Alarm>();
  readonly #loggedMs = new Map<string, number>();

  constructor(collaborators: { readonly logger: Logger; readonly clock: Clock }) {
    this.#logger = collaborators.logger;
    this.#clock = collaborators.clock;
  }

  /** `subject` is a path or a target, `message` never holds log content. */
  raise(type: AlarmType, subject: string, message: string): void {
    const key = `${type} ${subject}`;
    const nowMs = this.#clock.nowMs();
    const known = this.#alarms.get(key);
    if (known === undefined && this.#alarms.size >= ALARMS_MAX) this.#forgetOldest();
    this.#alarms.delete(key);
    this.#alarms.set(key, {
      type,
      subject,
      message,
      count: (known?.count ?? 0) + 1,
      firstMs: known?.firstMs ?? nowMs,
      lastMs: nowMs,
    });
    const monotonicMs = this.#clock.monotonicMs();
    const loggedMs = this.#loggedMs.get(key);
    if (loggedMs !== undefined && monotonicMs - loggedMs < MINUTE_MS) return;
    this.#loggedMs.set(key, monotonicMs);
    this.#logger.warn({ alarm: type, subject, reason: message }, 'alarm');
  }

  /** The least recent first. */
  list(): readonly Alarm[] {
    return [...this.#alarms.values()];
  }

  #forgetOldest(): void {
    const oldest = this.#alarms.keys().next().value;
    if (oldest === undefined) return;
    this.#alarms.delete(oldest);
    this.#loggedMs.delete(oldest);
  }
}
