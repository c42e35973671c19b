/** A build in the kernel: the logs of records become rows, their index and their columns. */
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { BuildKernel } from '#kernel/build-kernel.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { decompress } from '#protocol/compression.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { readLogGroup, type LogGroupVisitor } from '#protocol/log-group.ts';
import { IndexPlan, type FieldPlan, type JsonTarget, type TextTarget } from './index-plan.ts';
import type { BuiltTerms, IndexedField } from './index-lists.ts';
import { BUILD_RAW_BYTES_MAX, KERNEL_BYTES_MAX } from './limits.ts';
import { parseDouble, parseLong } from './numbers.ts';

export interface LogBuildRequest {
  readonly records: readonly LogRecord[];
  readonly appendMeta: boolean;
}

const NOTHING: LogGroupVisitor = {
  topic: () => {},
  source: () => {},
  tag: () => {},
  beginLog: () => {},
  content: () => {},
  endLog: () => {},
};

/** The rows of a request in their final order. Holds a kernel until it is disposed. */
export class LogBuild implements Disposable {
  readonly kernel: BuildKernel;
  /** By field number. */
  readonly names: readonly string[];
  /** By row. Copies. */
  readonly times: Uint32Array;
  readonly timeNs: Uint32Array;
  readonly #isReordered: boolean;
  #plan: IndexPlan | undefined;
  readonly #jsonTargets: JsonTarget[] = [];

  /** Errors: those of `decompress` and `readLogGroup`, BuildTooLarge. */
  constructor(request: LogBuildRequest) {
    const rawBytes = request.records.reduce((sum, record) => sum + record.rawBytes, 0);
    if (rawBytes > BUILD_RAW_BYTES_MAX) throw tooLarge();
    this.kernel = takeKernel();
    try {
      this.kernel.begin(rawBytes, request.records.length, {
        leaf: (json, path) => this.#leaf(must(this.#jsonTargets[json], 'a JSON field'), path),
        number: (type, bytes, start, end) =>
          (type === 'long' ? parseLong : parseDouble)(bytes, start, end),
      });
      for (const record of request.records) this.#add(record, request.appendMeta);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    this.names = this.kernel.fieldNames();
    const order = this.kernel.sort();
    const { times, timeNs } = this.kernel.arrivalTimes;
    this.#isReordered = order !== undefined;
    this.times = order === undefined ? times.slice() : order.map((row) => times[row]!);
    this.timeNs = order === undefined ? timeNs.slice() : order.map((row) => timeNs[row]!);
  }

  get rowCount(): number {
    return this.times.length;
  }

  /** Call it once. The terms are valid until the build is disposed. Errors: BuildTooLarge. */
  index(config: IndexConfig): BuiltTerms {
    const plan = new IndexPlan(config);
    this.#plan = plan;
    if (plan.lineTarget !== undefined) this.kernel.setLine(this.#target(plan.lineTarget));
    for (const [field, name] of this.names.entries())
      if (this.kernel.isUsed(field)) this.#setTargets(field, plan.planOf(name));
    this.kernel.invert(this.#isReordered);
    const textFields = plan.textFields.map((name, field): IndexedField => {
      const { present, empty } = this.kernel.lists(field);
      const hasTerms = !plan.presenceOnly.has(field);
      return { name, hasTerms, presentList: present, emptyList: empty };
    });
    const terms = this.kernel.finish(textFields.length);
    const numbers = this.kernel.numbers(plan.numericFields.length);
    return {
      terms,
      textFields,
      numericFields: plan.numericFields.map((field, column) => ({ field, ...numbers[column]! })),
    };
  }

  [Symbol.dispose](): void {
    giveKernel(this.kernel);
  }

  #add(record: LogRecord, appendMeta: boolean): void {
    const tags: [string, string][] = [];
    if (appendMeta) {
      if (record.clientAddress !== '') tags.push(['__client_ip__', record.clientAddress]);
      tags.push(['__receive_time__', String(Math.floor(record.receiveTimeMs / 1000))]);
    }
    const { compression, payload, rawBytes } = record;
    const added =
      compression === 'lz4' ? this.kernel.addLz4Group(payload, rawBytes, tags) : undefined;
    if (added === true) return;
    const raw = decompress(compression, payload, rawBytes, rawBytes);
    if (added === undefined && this.kernel.addGroup(raw, tags)) return;
    // The kernel does not say why; what is wrong with a group is said here.
    readLogGroup(raw, NOTHING);
    throw tooLarge();
  }

  #setTargets(field: number, plan: FieldPlan): void {
    const { line, lineValue, own, numeric, json } = plan;
    const target = own ?? json;
    this.kernel.setTargets(field, {
      line,
      lineValue,
      own: target === undefined ? undefined : this.#target(target),
      numeric,
      json: json === undefined ? undefined : this.#jsonTargets.push(json) - 1,
    });
  }

  #target({ field, tokenizer }: TextTarget): number {
    return this.kernel.textTarget(field, tokenizer);
  }

  #leaf(json: JsonTarget, path: string): ReturnType<Parameters<BuildKernel['begin']>[2]['leaf']> {
    const leaf = must(this.#plan, 'an index is built').leafPlan(json, path);
    if (leaf.kind === 'none') return undefined;
    return leaf.kind === 'numeric' ? leaf.target : { target: this.#target(leaf.target) };
  }
}

/** One kernel is kept for each thread, for the next build: a worker does one after the other. */
let spare: BuildKernel | undefined;

function takeKernel(): BuildKernel {
  const kernel = spare ?? new BuildKernel();
  spare = undefined;
  return kernel;
}

function giveKernel(kernel: BuildKernel): void {
  if (kernel.usedBytes <= KERNEL_BYTES_MAX) spare = kernel;
}

function tooLarge(): AppError {
  return new AppError('BuildTooLarge', 'too many bytes of logs for one segment');
}
