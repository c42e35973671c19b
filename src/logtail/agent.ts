/**
 * The agent: finds files, follows them, keeps the checkpoint. One loop does everything but reading and sending, so that
 * what it decides about files never races with itself.
 */
import { errorCode, errorMessage } from '#base/app-error.ts';
import type { Service } from '#base/service.ts';
import { SECOND_MS } from '#base/units.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { AccessKeys } from './access-keys.ts';
import { AckLog, mergeAcks } from './ack-log.ts';
import { Alarms } from './alarms.ts';
import { CheckpointStore, type Checkpoint } from './checkpoint.ts';
import { CheckpointSaver } from './checkpoint-saver.ts';
import { DeadLetter } from './dead-letter.ts';
import { DirectoryWatches } from './directory-watches.ts';
import { Discoverer, fileKey, type FoundFile } from './discovery.ts';
import { FileTable } from './file-table.ts';
import { ACTIVE_MS, FILES_MAX } from './limits.ts';
import type { LogtailConfig } from './logtail-config.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { PathFollower } from './path-follower.ts';
import { PendingCopies } from './pending-copies.ts';
import { restoreFiles } from './restore.ts';
import { bornNs, splitPath } from './rotation-search.ts';
import { Sender } from './sender.ts';
import { lockState } from './state-lock.ts';
import { describeStatus, writeStatus, type AgentStatus } from './status.ts';
import { WriteClient } from './write-client.ts';

const STATUS_MS: number = 2 * SECOND_MS;
/** The shortest time between two looks that hints can cause. */
const HINT_GAP_MS = 20;
/** Clocks of file systems tick coarsely. */
const BIRTH_MARGIN_MS = 2 * SECOND_MS;
const STOPPED = new Error('the agent stops');

export interface AgentCollaborators {
  readonly keys: AccessKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly logger: Logger;
  readonly hostname: string;
  /** The machine's address, the source of its log groups. */
  readonly source: string;
}

export class LogtailAgent implements Service {
  readonly id = 'logtail';
  readonly #config: LogtailConfig;
  readonly #clock: Clock;
  readonly #files: Files;
  readonly #logger: Logger;
  readonly #alarms: Alarms;
  readonly #client: WriteClient;
  readonly #sender: Sender;
  readonly #table: FileTable;
  readonly #copies: PendingCopies;
  readonly #discoverer: Discoverer;
  readonly #store: CheckpointStore;
  readonly #acks: AckLog;
  readonly #saver: CheckpointSaver;
  readonly #watches: DirectoryWatches;
  readonly #stopReading = new AbortController();
  readonly #stopSending = new AbortController();
  readonly #ignored = new Map<string, bigint>();
  readonly #startedMs: number;
  #wake: AbortController = new AbortController();
  #hinted = false;
  #namesChanged = false;
  #restored: Checkpoint | undefined;
  #damaged = false;
  #running: Promise<void> | undefined;

  constructor(config: LogtailConfig, collaborators: AgentCollaborators) {
    const { clock, random, files, logger, keys, hostname, source } = collaborators;
    this.#config = config;
    this.#clock = clock;
    this.#files = files;
    this.#logger = logger;
    this.#startedMs = clock.nowMs();
    const { limits, stateDirectory: directory } = config;
    const alarms = new Alarms({ logger, clock });
    this.#alarms = alarms;
    this.#client = new WriteClient({
      endpoint: config.endpoint,
      signing:
        config.signature === 'v1' ? { version: 'v1' } : { version: 'v4', region: config.region },
      timeoutMs: limits.requestTimeoutMs,
      connectionsMax: limits.concurrentRequests,
    });
    this.#sender = new Sender(limits, {
      client: this.#client,
      keys,
      deadLetter: new DeadLetter({ directory }, { files }),
      alarms,
      clock,
      random,
    });
    const targets = new Set(config.inputs.map((input) => `${input.project}/${input.logstore}`));
    this.#table = new FileTable(
      {
        limits,
        clock,
        alarms,
        budget: new MemoryBudget({
          totalBytes: limits.inFlightBytes,
          targetCount: targets.size,
        }),
        sender: this.#sender,
        hostname,
        source,
        instance: Buffer.from(random.bytes(8)).toString('hex'),
        stopReading: this.#stopReading.signal,
        stopSending: this.#stopSending.signal,
        newWriterKey: () => Buffer.from(random.bytes(16)).toString('hex'),
        beforeSend: async (reader) => {
          await this.#saver.secure(reader);
        },
        onAcknowledged: async (follower, reader) => {
          await this.#saver.noteAcknowledged({ follower, reader });
        },
        onBinary: (reader) => {
          this.#ignored.set(reader.key, reader.facts.birthNs);
        },
      },
      () => {
        this.#saver.touch();
      },
    );
    this.#copies = new PendingCopies({ table: this.#table, clock });
    this.#discoverer = new Discoverer(config.inputs, [config.stateDirectory, config.logFile ?? '']);
    this.#store = new CheckpointStore({ directory }, { files });
    this.#acks = new AckLog({ directory }, { files });
    this.#saver = new CheckpointSaver(
      { directory, inputs: config.inputs.map((input) => input.name) },
      { store: this.#store, acks: this.#acks, table: this.#table, alarms, clock },
    );
    this.#watches = new DirectoryWatches((names) => {
      this.#hinted = true;
      this.#namesChanged ||= names;
      this.#wake.abort();
    });
  }

  /** Runs until `stop`. Rejects when the state folder is in use or cannot be read. */
  async run(): Promise<void> {
    this.#running = this.#runLocked();
    await this.#running;
  }

  /** Ends reading, gives what is on its way `stopMs` to arrive, saves the checkpoint. */
  async stop(): Promise<void> {
    this.#stopReading.abort(STOPPED);
    this.#wake.abort();
    await this.#running?.catch(() => undefined);
  }

  /** The numbers of the status file, as they are now. */
  status(): AgentStatus {
    return describeStatus({
      config: this.#config,
      startedMs: this.#startedMs,
      nowMs: this.#clock.nowMs(),
      files: this.#table.files,
      counters: this.#table.counters,
      send: this.#sender.totals,
      alarms: this.#alarms.list(),
    });
  }

  async #runLocked(): Promise<void> {
    await this.#files.makeDirectory(this.#config.stateDirectory);
    await this.#files.syncDirectory(splitPath(this.#config.stateDirectory).directory);
    const unlock = await lockState(this.#config.stateDirectory);
    try {
      await this.#restore();
      await this.#loop();
      await this.#finish();
    } finally {
      this.#watches.close();
      this.#client.close();
      await this.#table.closeAll();
      await this.#acks.close();
      await unlock();
    }
  }

  async #restore(): Promise<void> {
    const loaded = await this.#store.load();
    if (loaded.kind === 'damaged') {
      this.#damaged = true;
      this.#alarms.raise('CHECKPOINT_ALARM', '', 'the checkpoint is damaged: files start at 0');
    }
    const fallback = loaded.kind === 'loaded' && loaded.fallback;
    if (fallback)
      this.#alarms.raise('CHECKPOINT_ALARM', '', 'the checkpoint is damaged: an older one is used');
    const saved = loaded.kind === 'loaded' ? loaded.checkpoint : undefined;
    this.#restored = saved;
    const acks = await this.#acks.load(saved?.acks ?? 0);
    await this.#acks.begin().catch((error: unknown) => {
      this.#alarms.raise('CHECKPOINT_ALARM', this.#config.stateDirectory, errorMessage(error));
    });
    const nowMs = this.#clock.monotonicMs();
    const parts = { table: this.#table, alarms: this.#alarms, nowMs };
    await restoreFiles(mergeAcks(saved?.entries ?? [], acks), this.#config.inputs, parts);
    this.#logger.info({ files: this.#table.fileCount }, 'checkpoint restored');
  }

  async #loop(): Promise<void> {
    const { limits } = this.#config;
    const due = { discover: 0, poll: 0, save: 0, status: 0 };
    let first = true;
    while (!this.#stopReading.signal.aborted) {
      const nowMs = this.#clock.monotonicMs();
      const hinted = this.#hinted;
      this.#hinted = false;
      if (first || nowMs >= due.discover || (hinted && this.#namesChanged)) {
        this.#namesChanged = false;
        await this.#discover(first);
        first = false;
        due.discover = this.#clock.monotonicMs() + limits.discoverMs;
      }
      if (hinted || nowMs >= due.poll) {
        await this.#poll();
        due.poll = this.#clock.monotonicMs() + limits.pollMs;
      }
      if (this.#saver.isDirty && nowMs >= due.save) {
        const before = this.#clock.monotonicMs();
        await this.#saver.save();
        const spent = this.#clock.monotonicMs() - before;
        due.save = before + Math.max(limits.checkpointMs, 4 * spent);
      }
      if (nowMs >= due.status) {
        await this.#writeStatus();
        due.status = nowMs + STATUS_MS;
      }
      const spentMs = this.#clock.monotonicMs() - nowMs;
      await this.#pause(Math.max(HINT_GAP_MS, 4 * spentMs));
      const next = Math.min(
        due.discover,
        due.poll,
        due.status,
        this.#saver.isDirty ? due.save : Infinity,
      );
      if (!this.#hinted) await this.#pause(next - this.#clock.monotonicMs(), this.#wake.signal);
      this.#wake = new AbortController();
      if (this.#stopReading.signal.aborted) break;
    }
  }

  async #pause(ms: number, wake: AbortSignal = this.#stopReading.signal): Promise<void> {
    if (ms > 0) await this.#clock.sleep(ms, wake).catch(() => undefined);
  }

  async #discover(first: boolean): Promise<void> {
    const discovery = await this.#discoverer.discover();
    for (const problem of discovery.problems)
      this.#alarms.raise(
        problem.kind === 'limit' ? 'STAT_LIMIT_ALARM' : 'LOGDIR_PERMISSION_ALARM',
        problem.path,
        problem.code,
      );
    this.#copies.beginRound(discovery.files);
    for (const found of discovery.files) {
      if (this.#stopReading.signal.aborted) return;
      const followed = this.#table.find(found);
      if (followed !== undefined) this.#table.see(followed, found, found.path);
      else
        await this.#meet(found, first).catch((error: unknown) => {
          const code = errorCode(error) ?? errorMessage(error);
          this.#alarms.raise('OPEN_LOGFILE_FAIL_ALARM', found.path, code);
        });
    }
    this.#watches.sync(discovery.directories);
  }

  async #meet(found: FoundFile, first: boolean): Promise<void> {
    if (this.#ignored.get(fileKey(found)) === found.birthNs) return;
    if (this.#table.fileCount >= FILES_MAX) {
      this.#alarms.raise('STAT_LIMIT_ALARM', found.path, 'too many files are followed');
      return;
    }
    if (first && this.#startsAtEnd(found)) {
      await this.#table.appear(found, 'end');
      return;
    }
    const start = await this.#copies.startOf(found);
    if (start !== 'wait') await this.#table.appear(found, start);
  }

  /** Files that were there before the input ever ran. Ones made while the agent was down are read whole. */
  #startsAtEnd(found: FoundFile): boolean {
    if (found.input.startAt !== 'end' || this.#damaged) return false;
    const restored = this.#restored;
    if (restored === undefined || !restored.inputs.includes(found.input.name)) return true;
    const bornMs = Number(bornNs(found) / 1_000_000n);
    return bornMs < restored.savedMs - BIRTH_MARGIN_MS;
  }

  async #poll(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    for (const follower of this.#table.followers) {
      if (!isActive(follower, nowMs)) continue;
      await this.#table.look(follower).catch((error: unknown) => {
        const code = errorCode(error) ?? errorMessage(error);
        this.#alarms.raise('OPEN_LOGFILE_FAIL_ALARM', follower.path, code);
      });
      await this.#dropIgnored(follower);
    }
  }

  async #dropIgnored(follower: PathFollower): Promise<void> {
    if (follower.isPumping || this.#ignored.size === 0) return;
    for (const reader of follower.readers.slice()) {
      if (!reader.isBinary) continue;
      this.#alarms.raise('UNEXPECTED_FILE_TYPE_MODE_ALARM', reader.name, 'not a text file');
      await this.#table.remove(follower, reader);
    }
  }

  async #writeStatus(): Promise<void> {
    await writeStatus(this.#config.stateDirectory, this.status()).catch((error: unknown) => {
      this.#alarms.raise('CHECKPOINT_ALARM', 'status.json', errorMessage(error));
    });
  }

  async #finish(): Promise<void> {
    const settled = Promise.all([...this.#table.followers].map((each) => each.settled()));
    const budget = new AbortController();
    const over = this.#giveUpAfter(this.#config.limits.stopMs, budget.signal);
    await settled;
    budget.abort();
    await over;
    await this.#saver.save();
    await this.#writeStatus();
  }

  async #giveUpAfter(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(ms, signal);
    } catch {
      return;
    }
    this.#stopSending.abort(STOPPED);
  }
}

/** Files that are silent for long are looked at by the walk alone. */
function isActive(follower: PathFollower, nowMs: number): boolean {
  return follower.readers.some(
    (reader) =>
      reader.isOpen ||
      reader.unreadBytes > 0 ||
      reader.changed ||
      reader.needsVerification ||
      nowMs - Math.max(reader.lastGrowthMs, reader.lastSeenMs) > ACTIVE_MS ||
      nowMs - reader.lastGrowthMs < ACTIVE_MS,
  );
}
