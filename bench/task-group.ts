/** Work under way at once. The first failure is kept and thrown by `settled`, so that nothing is left behind. */
export class TaskGroup {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  get size(): number {
    return this.#running.size;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  start(work: () => Promise<void>): void {
    const task = this.#run(work).finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  /** Resolves when one of them has ended. */
  async oneLess(): Promise<void> {
    await Promise.race(this.#running);
  }

  /** Resolves when all have ended. Errors: the first one of the work. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}
