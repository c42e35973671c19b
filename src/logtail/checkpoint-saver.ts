/** Saves the checkpoint, one save at a time, and knows what a durable one holds. */
import { errorMessage } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import type { AckLog } from './ack-log.ts';
import type { Alarms } from './alarms.ts';
import type { CheckpointStore } from './checkpoint.ts';
import type { FileReader } from './file-reader.ts';
import type { Followed, FileTable } from './file-table.ts';
import { checkpointEntry } from './restore.ts';

export interface CheckpointSaverCollaborators {
  readonly store: CheckpointStore;
  readonly acks: AckLog;
  readonly table: Pick<FileTable, 'files'>;
  readonly alarms: Alarms;
  readonly clock: Clock;
}

export class CheckpointSaver {
  readonly #options: { readonly directory: string; readonly inputs: readonly string[] };
  readonly #collaborators: CheckpointSaverCollaborators;
  #isDirty = false;
  #running: Promise<void> = Promise.resolve();
  /** The save that has not begun yet: it will hold all that is known when it is asked for. */
  #next: Promise<void> | undefined;

  constructor(
    options: { readonly directory: string; readonly inputs: readonly string[] },
    collaborators: CheckpointSaverCollaborators,
  ) {
    this.#options = options;
    this.#collaborators = collaborators;
  }

  /** Something changed since the last save. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  touch(): void {
    this.#isDirty = true;
  }

  /** Everything that is known now is durable when this resolves, or there is an alarm. */
  async save(): Promise<void> {
    this.#next ??= this.#saveAfter(this.#running);
    await this.#next;
  }

  async #saveAfter(running: Promise<void>): Promise<void> {
    await running;
    this.#next = undefined;
    this.#running = this.#save();
    await this.#running;
  }

  /**
   * Makes the writer key of a file durable, and enough of its head to tell its content from another, so that the key is
   * not lost or used for other content after a crash. When it cannot be saved the file is sent all the same: then a crash
   * can repeat lines, while waiting could lose them.
   */
  async secure(reader: FileReader): Promise<void> {
    if (reader.durableHeadBytes !== reader.head.bytes) await this.save();
  }

  /** Survives the process, if not the machine. */
  async noteAcknowledged(followed: Followed): Promise<void> {
    this.touch();
    await this.#collaborators.acks.append(checkpointEntry(followed)).catch((error: unknown) => {
      this.#fail(error);
    });
  }

  async #save(): Promise<void> {
    const { acks, store, clock, table } = this.#collaborators;
    this.#isDirty = false;
    try {
      const number = await acks.begin();
      const { files } = table;
      const heads = files.map(({ reader }) => [reader, reader.writerKey, reader.head] as const);
      await store.save({
        acks: number,
        savedMs: clock.nowMs(),
        inputs: this.#options.inputs,
        entries: files.map(checkpointEntry),
      });
      for (const [reader, writerKey, head] of heads)
        if (reader.writerKey === writerKey) reader.durableHeadBytes = head.bytes;
      await acks.forget(number);
    } catch (error) {
      this.#isDirty = true;
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const { directory } = this.#options;
    this.#collaborators.alarms.raise('CHECKPOINT_ALARM', directory, errorMessage(error));
  }
}
