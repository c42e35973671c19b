/** The process of a command as tests give it: what is printed can be read. */
import { MemoryClock } from '#platform/memory-clock.ts';
import type { CommandContext } from './command.ts';

export interface TestContext extends CommandContext {
  /** What was printed on standard output. */
  readonly printed: () => string;
  /** What was printed on standard error. */
  readonly complained: () => string;
  /** As the user does with Ctrl-C. */
  readonly interrupt: () => void;
}

export function testContext(
  argv: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly isTerminal?: boolean;
    readonly nowMs?: number;
  } = {},
): TestContext {
  let printed = '';
  let complained = '';
  const abort = new AbortController();
  const isTerminal = options.isTerminal ?? false;
  return {
    argv,
    env: options.env ?? {},
    output: { isTerminal, write: (text) => void (printed += text) },
    errors: { isTerminal, write: (text) => void (complained += text) },
    clock: new MemoryClock({ nowMs: options.nowMs }),
    interruption: () => abort.signal,
    printed: () => printed,
    complained: () => complained,
    interrupt: () => abort.abort(new Error('interrupted')),
  };
}
