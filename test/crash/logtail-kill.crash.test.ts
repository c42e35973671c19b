/**
 * Goal: kill -9 of the agent at any moment loses no line and repeats none. Method: the real agent
 * as a process, a writer that appends and rotates without a pause, kills at seeded random moments.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeBench, numbered, until, type Bench } from '../integration/logtail-agent.ts';

const ROOT = join(import.meta.dirname, '../..');
const ROUNDS = 12;
const BATCH_LOGS = 50;

let bench: Bench;
let child: ChildProcess | undefined;

beforeEach(async () => {
  bench = await makeBench();
});

afterEach(async () => {
  child?.kill('SIGKILL');
  await bench.end();
});

/** A small generator, so that a seed repeats a run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function startAgent(configPath: string): Promise<ChildProcess> {
  const agent = spawn(
    process.execPath,
    [join(ROOT, 'src/main/logtail.ts'), '--config', configPath],
    {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await Promise.race([once(agent.stderr, 'data'), sleep(10_000)]);
  return agent;
}

test('killed again and again under a rotating writer: nothing missing, nothing twice', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  process.stderr.write(`seed ${seed}\n`);
  const random = seeded(seed);
  const path = join(bench.logs, 'app.log');
  const configPath = join(bench.directory, 'logtail.json');
  await writeFile(configPath, JSON.stringify(bench.config({ limits: { batchLogs: BATCH_LOGS } })));
  // A file is known once the agent has seen it; one that was rotated away before its first start is not collected.
  const all = ['first'];
  await writeFile(path, 'first\n');
  child = await startAgent(configPath);
  await until(() => bench.peer.lines.length === 1, { what: 'the first line' });
  const writing = new AbortController();
  const writer = (async () => {
    for (let step = 0; !writing.signal.aborted; step++) {
      const lines = numbered(`w${step}`, 0, 40);
      await appendFile(path, lines.map((line) => `${line}\n`).join(''));
      all.push(...lines);
      if (step % 25 === 24) await rename(path, `${path}.${step}`);
      await sleep(8);
    }
  })();
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(50 + 600 * random());
    child.kill('SIGKILL');
    await once(child, 'exit');
    child = await startAgent(configPath);
  }
  writing.abort();
  await writer;
  const missing = (): string[] => {
    const seen = new Set(bench.peer.lines);
    return all.filter((line) => !seen.has(line));
  };
  await until(() => bench.peer.lines.length >= all.length && missing().length === 0, {
    what: `all lines, seed ${seed}`,
    ms: 30_000,
    graceMs: 500,
  }).catch(() => undefined);
  expect(missing()).toEqual([]);
  process.stderr.write(`${all.length} lines, ${bench.peer.repeats} batches refused as repeats\n`);
  expect(bench.peer.lines).toHaveLength(all.length);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
