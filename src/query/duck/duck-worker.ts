/**
 * Entry of the process that owns DuckDB. It holds no secret and nothing that must survive: the server may kill it
 * at any time, and it ends by itself when the server is gone.
 */
import { existsSync, writeFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { errorCode, errorMessage } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { RealClock } from '#platform/real-clock.ts';
import { DuckEngine } from './duck-engine.ts';
import type { DuckCommand, DuckReply, DuckTask, SqlAnswer } from './duck-messages.ts';
import { INTERRUPT_AGAIN_MS, MEMORY_POLL_MS } from '../limits.ts';
import { runTask, SharedState } from './duck-tasks.ts';
import { revisedTask } from './revised-task.ts';

interface Running {
  connection: DuckDBConnection | undefined;
  timer: NodeJS.Timeout | undefined;
}

const running = new Map<number, Running>();
let engine: DuckEngine | undefined;
let timeZone = 'UTC';
let shared: SharedState | undefined;
const clock = new RealClock();

/** Resolves once the message has left, so that a slow reader holds back a large answer. */
function send(reply: DuckReply): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(reply, undefined, undefined, () => resolve());
  });
}

function sendRows(id: number, rows: SqlAnswer['rows']): Promise<void> {
  return send({ kind: 'rows', id, rows });
}

async function open(command: Extract<DuckCommand, { kind: 'open' }>): Promise<void> {
  try {
    timeZone = command.options.timeZone;
    shared = new SharedState(command.options);
    engine = await DuckEngine.open(command.options);
    await send({ kind: 'ready' });
  } catch (error) {
    await send({ kind: 'broken', message: errorMessage(error) });
  }
}

async function run(id: number, task: DuckTask): Promise<void> {
  const entry: Running = { connection: undefined, timer: undefined };
  running.set(id, entry);
  try {
    const open = { engine: must(engine, 'the engine is open'), shared: must(shared, 'it is') };
    const answer = await open.engine.use((connection) => {
      entry.connection = connection;
      const context = {
        timeZone,
        shared: open.shared,
        clock,
        sendRows: (rows: SqlAnswer['rows']) => sendRows(id, rows),
      };
      const revised = revisedTask(task, open.engine.files.refresh());
      return runTask(connection, revised, context).finally(() => {
        entry.connection = undefined;
      });
    });
    await send({ kind: 'done', id, answer });
  } catch (error) {
    await send({ kind: 'failed', id, code: errorCode(error), message: errorMessage(error) });
  } finally {
    clearInterval(entry.timer);
    running.delete(id);
  }
}

/** Again and again: one interrupt may hit the gap between two statements. */
function interrupt(id: number): void {
  const entry = running.get(id);
  if (entry === undefined || entry.timer !== undefined) return;
  entry.connection?.interrupt();
  entry.timer = setInterval(() => entry.connection?.interrupt(), INTERRUPT_AGAIN_MS);
}

function receive(command: DuckCommand): void {
  if (command.kind === 'open') void open(command);
  else if (command.kind === 'run') void run(command.id, command.task);
  else interrupt(command.id);
}

/** Whatever the machine runs out of memory for, this process is the one to lose. */
function volunteerForOutOfMemory(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux, or not allowed: the server's own guard remains.
  }
}

// An orderly exit would wait for threads that a statement may hold for ever.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// A terminal and a service manager signal the whole group; when to end is the server's to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
volunteerForOutOfMemory();
if (!existsSync('/proc/self/status'))
  setInterval(
    () => void send({ kind: 'memory', rssBytes: process.memoryUsage.rss() }),
    MEMORY_POLL_MS,
  ).unref();
process.on('message', receive);
