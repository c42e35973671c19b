/** A child process whose standard output is JSON lines and whose error output goes to a file. */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { EXIT_WITH_PARENT } from './parent-watch.ts';

export interface ChildOptions {
  /** Path of the TypeScript entry. */
  readonly entry: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Appended to; holds what the child writes to its error stream. */
  readonly logPath: string;
}

export type ChildEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** Ends when the child does; `stop` asks it to, and insists after `graceMs`. */
export class ManagedChild {
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  readonly #listeners: ((event: ChildEvent) => void)[] = [];

  constructor(options: ChildOptions) {
    const log = openSync(options.logPath, 'a', 0o600);
    this.#child = spawn(process.execPath, [options.entry, ...options.flags], {
      stdio: ['ignore', 'pipe', log],
      env: { ...process.env, ...options.environment, [EXIT_WITH_PARENT]: '1' },
      // A terminal's Ctrl-C goes to the whole group; the parent alone decides the order of stopping.
      detached: true,
    });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
      this.#child.once('error', () => resolve(127));
    });
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
  }

  onEvent(listener: (event: ChildEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** The first event of that name; undefined when the child ended before it. */
  async firstEvent(name: string): Promise<ChildEvent | undefined> {
    const seen = new Promise<ChildEvent>((resolve) => {
      this.onEvent((event) => {
        if (event.event === name) resolve(event);
      });
    });
    return await Promise.race([seen, this.exited.then(() => undefined)]);
  }

  async stop(graceMs: number): Promise<number> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    const code = await this.exited;
    clearTimeout(timer);
    return code;
  }

  #read(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    if (typeof value !== 'object' || value === null || !('event' in value)) return;
    const event: ChildEvent = { ...value, event: String(value.event) };
    for (const listener of this.#listeners) listener(event);
  }
}

/** The newest lines of a log file, for telling why a child ended. */
export function lastLines(path: string, count: number): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}
