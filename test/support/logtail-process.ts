/** Runs the real agent as a process of its own. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { followProcess, TEST_KEYS, type TestProcess } from './server-process.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface LogtailSetup {
  readonly endpoint: string;
  /** Folder of the agent's state and configuration. */
  readonly directory: string;
  readonly paths: readonly string[];
  readonly project: string;
  readonly logstore: string;
}

/** Starts an agent with short waits, following the paths from their beginning. */
export async function startLogtailProcess(setup: LogtailSetup): Promise<TestProcess> {
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
  return followProcess(child);
}
