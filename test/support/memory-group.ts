/**
 * A real memory limit for a process and all its children: a control group of the kernel (version 1 or 2), where this
 * process may make one (root). The kernel kills what goes past it.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MemoryGroup {
  /** Command and first arguments that start a program inside of the group. */
  readonly launcher: readonly string[];
  /** Largest use so far, page cache included. */
  peakBytes(): number;
  /** Processes that the kernel killed for the limit. */
  killCount(): number;
  /** When no process is in it any more. */
  remove(): void;
}

interface Layout {
  readonly root: string;
  readonly limitFile: string;
  readonly peakFile: string;
  readonly eventsFile: string;
}

const LAYOUTS: readonly Layout[] = [
  {
    root: '/sys/fs/cgroup/memory',
    limitFile: 'memory.limit_in_bytes',
    peakFile: 'memory.max_usage_in_bytes',
    eventsFile: 'memory.oom_control',
  },
  {
    root: '/sys/fs/cgroup',
    limitFile: 'memory.max',
    peakFile: 'memory.peak',
    eventsFile: 'memory.events',
  },
];

/** Undefined where the machine does not let us make one. */
export function createMemoryGroup(limitBytes: number): MemoryGroup | undefined {
  for (const layout of LAYOUTS) {
    const path = join(layout.root, `sluice-test-${process.pid}`);
    try {
      mkdirSync(path);
    } catch {
      continue;
    }
    if (!existsSync(join(path, layout.limitFile))) {
      rmdirSync(path);
      continue;
    }
    writeFileSync(join(path, layout.limitFile), String(limitBytes));
    const read = (name: string): string => readFileSync(join(path, name), 'utf8');
    return {
      launcher: ['/bin/sh', '-c', `echo $$ > ${path}/cgroup.procs && exec "$@"`, 'sh'],
      peakBytes: () => Number(read(layout.peakFile)),
      killCount: () => Number(/oom_kill (\d+)/u.exec(read(layout.eventsFile))?.[1] ?? 0),
      remove: () => rmdirSync(path),
    };
  }
  return undefined;
}
