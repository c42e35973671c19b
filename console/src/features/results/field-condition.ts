/** A value that the user picked to narrow the search by; `negated` asks for the logs without it. */
export interface FieldCondition {
  readonly key: string;
  readonly value: string;
  readonly negated: boolean;
}
