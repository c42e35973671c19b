/** One agent a state folder: a file with the process id and its start time, so that an id used again does not count. */
import { readFileSync } from 'node:fs';
import { open, readFile, unlink } from 'node:fs/promises';
import { AppError, errorCode } from '#base/app-error.ts';

/** Field 22 of /proc/<pid>/stat, counted behind the name in parentheses; empty where there is no such file. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number, started: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  return startTime(pid) === started;
}

/** Takes the folder, or throws StateInUse. The lock of a process that has died is taken over. */
export async function lockState(directory: string): Promise<() => Promise<void>> {
  const path = `${directory}/agent.lock`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(`${process.pid} ${startTime(process.pid)}\n`);
      await handle.close();
      return async () => {
        await unlink(path).catch(() => undefined);
      };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const [pid = '', started = ''] = (await readFile(path, 'utf8').catch(() => ''))
      .trim()
      .split(' ');
    if (isAlive(Number(pid), started))
      throw new AppError('StateInUse', `the agent with process id ${pid} uses ${directory}`);
    await unlink(path).catch(() => undefined);
  }
  throw new AppError('StateInUse', `cannot lock ${directory}`);
}
