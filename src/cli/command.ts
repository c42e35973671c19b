/** What a command of `sluice` is, and what of its process it may use. */
import type { Clock } from '#platform/clock.ts';

export interface TextOutput {
  readonly isTerminal: boolean;
  write(text: string): void;
}

export interface CommandContext {
  /** The words after the command's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: TextOutput;
  readonly errors: TextOutput;
  readonly clock: Clock;
  /**
   * Aborted when the user stops the command (Ctrl-C). From the first call on it is up to the command to end then;
   * without a call the process ends at once.
   */
  readonly interruption: () => AbortSignal;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /**
   * Answers `--help` too. The exit code; undefined when the process goes on by itself and sets its own. What it
   * throws is printed, and the exit code is then 2.
   */
  run(context: CommandContext): Promise<number | undefined>;
}

/** It did what was asked. */
export const EXIT_DONE = 0;

/** It did what was asked, and the answer is bad: there is damage left. */
export const EXIT_BAD = 1;

/** It could not do what was asked: wrong usage, no connection, a failing disk. */
export const EXIT_FAILED = 2;
