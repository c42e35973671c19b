/** Runs the real agent as a process of its own. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TEST_KEYS } from './server-process.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface LogtailProcess {
  readonly pid: number;
  stop(): Promise<number | null>;
  kill(): Promise<void>;
  errorOutput(): string;
}

export interface LogtailSetup {
  readonly endpoint: string;
  /** Folder of the agent's state and configuration. */
  readonly directory: string;
  readonly paths: readonly string[];
  readonly project: string;
  readonly logstore: string;
}

/** Starts an agent with short waits, following the paths from their beginning. */
export async function startLogtailProcess(setup: LogtailSetup): Promise<LogtailProcess> {
  const configPath = join(setup.directory, 'logtail.json');
  const config = {
    endpoint: setup.endpoint,
    ...TEST_KEYS,
    stateDirectory: join(setup.directory, 'state'),
    inputs: [
      {
        name: 'test',
        paths: setup.paths,
        startAt: 'beginning',
        project: setup.project,
        logstore: setup.logstore,
      },
    ],
    limits: { lingerMs: 50, flushTimeoutMs: 500, discoverMs: 300, pollMs: 50, checkpointMs: 100 },
  };
  await writeFile(configPath, JSON.stringify(config), { mode: 0o600 });
  const child = spawn(
    process.execPath,
    [join(ROOT, 'src/main/logtail.ts'), '--config', configPath],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-65_536);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid ?? 0,
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
