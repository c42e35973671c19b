/** Runs the real server as a process of its own: for crash tests, benches and anything that measures it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');

/** A process that a test started. */
export interface TestProcess {
  readonly pid: number;
  /** SIGTERM, then waits; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, then waits. */
  kill(): Promise<void>;
  /** What it wrote to its error stream so far (the newest 64 KB). */
  readonly errorOutput: () => string;
}

export interface ServerProcess extends TestProcess {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
}

export interface ProcessKeys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

export const TEST_KEYS: ProcessKeys = {
  accessKeyId: 'testAccessKeyId',
  accessKeySecret: 'testAccessKeySecret',
};

/**
 * Starts the server on a free port and waits until it is ready. Rejects when it ends before that. `launcher`: a
 * command and its first arguments that start it in a surrounding of their own.
 */
export async function startServerProcess(
  dataDirectory: string,
  flags: readonly string[] = [],
  nodeFlags: readonly string[] = [],
  launcher: readonly string[] = [],
): Promise<ServerProcess> {
  const child = spawn(
    launcher[0] ?? process.execPath,
    [
      ...launcher.slice(1),
      ...(launcher.length === 0 ? [] : [process.execPath]),
      ...nodeFlags,
      join(ROOT, 'src/main/server.ts'),
      '--data-dir',
      dataDirectory,
      '--listen',
      '127.0.0.1:0',
      '--json',
      ...flags,
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        SLUICE_ROOT_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
        SLUICE_ROOT_ACCESS_KEY_SECRET: TEST_KEYS.accessKeySecret,
      },
    },
  );
  const running = followProcess(child);
  return { ...running, endpoint: await readEndpoint(child, running) };
}

/** Ways to end a child and to read what it said. */
export function followProcess(child: ChildProcess): TestProcess & Pick<Ending, 'exited'> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-65_536);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid ?? 0,
    exited,
    async stop() {
      child.kill('SIGTERM');
      return await exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    errorOutput: () => errors,
  };
}

interface Ending {
  /** The exit code, once it has ended. */
  readonly exited: Promise<number | null>;
  readonly errorOutput: () => string;
}

async function readEndpoint(child: ChildProcess, { exited, errorOutput }: Ending): Promise<string> {
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      const event = JSON.parse(line) as { event?: string; endpoint?: string };
      if (event.event === 'ready' && event.endpoint !== undefined) resolve(event.endpoint);
    });
  });
  const early = exited.then((code) => {
    throw new Error(`server ended with ${code} before it was ready: ${errorOutput()}`);
  });
  return await Promise.race([ready, early]);
}

export interface ProcessUsage {
  /** User and system time of the whole process, seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** CPU and memory of a process, from /proc (Linux). */
export function readProcessUsage(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+) kB`, 'u').exec(status)?.[1] ?? 0) * 1024;
  return {
    cpuSeconds: ticks / 100,
    rssBytes: kilobytes('VmRSS'),
    peakRssBytes: kilobytes('VmHWM'),
  };
}
