/** CPU and memory of a process and everything that it started, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const SAMPLE_INTERVAL_MS = 100;

export interface TreeUsage {
  /** User and system time of all processes and threads, those that have ended included, seconds. */
  readonly cpuSeconds: number;
  /** Sum over the processes; pages that they share count twice. */
  readonly rssBytes: number;
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Undefined when it has ended. */
function readProcess(pid: number): ProcessRow | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Fields after the name, which is in parentheses: state, ppid, …; numbers as in proc(5), minus 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Own user and system time, and that of children which were waited for.
    const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0);
    return { pid, parent: Number(fields[1]), ticks };
  } catch {
    return undefined;
  }
}

function readTree(root: number): readonly ProcessRow[] {
  const rows = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
  const tree = rows.filter((row) => row.pid === root);
  for (const member of tree) tree.push(...rows.filter((row) => row.parent === member.pid));
  return tree;
}

function rssBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s*(\d+) kB/mu.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

export function readTreeUsage(root: number): TreeUsage {
  const tree = readTree(root);
  return {
    cpuSeconds: tree.reduce((sum, row) => sum + row.ticks, 0) / TICKS_PER_SECOND,
    rssBytes: tree.reduce((sum, row) => sum + rssBytes(row.pid), 0),
  };
}

/** Looks at a tree ten times a second and keeps the largest memory that it saw. */
export class PeakMemory implements Disposable {
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  constructor(root: number) {
    this.#root = root;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS);
  }

  get bytes(): number {
    this.#sample();
    return this.#peakBytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    this.#peakBytes = Math.max(this.#peakBytes, readTreeUsage(this.#root).rssBytes);
  }
}
