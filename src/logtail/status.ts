/** The status file: what the agent does, for people, checks and the console. Replaced whole every few seconds. */
import { writeFile, rename } from 'node:fs/promises';
import type { Alarm } from './alarms.ts';
import type { FileCounters, Followed } from './file-table.ts';
import { STATUS_FILES_MAX } from './limits.ts';
import type { LogtailConfig } from './logtail-config.ts';
import type { SendTotals } from './sender.ts';

export const STATUS_FILE = 'status.json';

/** Bytes of one file: found = acked + in flight + unread. */
export interface FileStatus {
  readonly input: string;
  readonly path: string;
  readonly name: string;
  readonly inode: string;
  readonly sizeBytes: number;
  readonly readOffset: number;
  readonly ackedOffset: number;
  readonly lagBytes: number;
  readonly sentLogs: number;
  readonly open: boolean;
  readonly deleted: boolean;
}

export interface AgentStatus {
  readonly version: 1;
  readonly pid: number;
  readonly startedMs: number;
  readonly updatedMs: number;
  readonly endpoint: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly target: string;
    readonly files: number;
  }[];
  readonly totals: SendTotals &
    FileCounters & {
      readonly fileCount: number;
      readonly openFiles: number;
      /** Deleted files that are held open, and what is unread in them. */
      readonly deletedFiles: number;
      readonly deletedUnreadBytes: number;
      readonly lagBytes: number;
      readonly inFlightBytes: number;
      readonly memoryBytes: number;
    };
  /** The files that lag most. */
  readonly files: readonly FileStatus[];
  readonly alarms: readonly Alarm[];
}

function fileStatus({ reader, follower }: Followed): FileStatus {
  return {
    input: follower.input.name,
    path: follower.path,
    name: reader.name,
    inode: String(reader.facts.inode),
    sizeBytes: reader.facts.sizeBytes,
    readOffset: reader.readOffset,
    ackedOffset: reader.ackedOffset,
    lagBytes: reader.unreadBytes + reader.inFlightBytes,
    sentLogs: reader.sentLogs,
    open: reader.isOpen,
    deleted: reader.facts.linkCount === 0,
  };
}

/** Puts the numbers together. */
export function describeStatus(parts: {
  readonly config: LogtailConfig;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly files: readonly Followed[];
  readonly counters: FileCounters;
  readonly send: SendTotals;
  readonly alarms: readonly Alarm[];
}): AgentStatus {
  const files = parts.files.map(fileStatus);
  const deleted = files.filter((file) => file.deleted);
  return {
    version: 1,
    pid: process.pid,
    startedMs: parts.startedMs,
    updatedMs: parts.nowMs,
    endpoint: parts.config.endpoint,
    inputs: parts.config.inputs.map((input) => ({
      name: input.name,
      target: `${input.project}/${input.logstore}`,
      files: files.filter((file) => file.input === input.name).length,
    })),
    totals: {
      ...parts.send,
      ...parts.counters,
      fileCount: files.length,
      openFiles: files.filter((file) => file.open).length,
      deletedFiles: deleted.length,
      deletedUnreadBytes: deleted.reduce(
        (total, file) => total + file.sizeBytes - file.readOffset,
        0,
      ),
      lagBytes: files.reduce((total, file) => total + file.lagBytes, 0),
      inFlightBytes: parts.files.reduce((total, { reader }) => total + reader.inFlightBytes, 0),
      memoryBytes: process.memoryUsage.rss(),
    },
    files: files.toSorted((a, b) => b.lagBytes - a.lagBytes).slice(0, STATUS_FILES_MAX),
    alarms: parts.alarms,
  };
}

/** Replaces the status file. Not synced: it says how things are, nothing depends on it after a crash. */
export async function writeStatus(directory: string, status: AgentStatus): Promise<void> {
  const next = `${directory}/${STATUS_FILE}.next`;
  await writeFile(next, `${JSON.stringify(status, undefined, 1)}\n`);
  await rename(next, `${directory}/${STATUS_FILE}`);
}
