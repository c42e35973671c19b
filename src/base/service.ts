/** The one life-cycle of long-lived things. */
export interface Service {
  /** Stable, lower-case, for logs. */
  readonly id: string;
  /** Resolves when the service has stopped; rejects when it broke and should be restarted. */
  run(): Promise<void>;
  /** Asks it to end soon without losing acknowledged work; resolves once it has. */
  stop(): Promise<void>;
}
