/** The order of the rows of a merge: which row of which input is where in which output. */

const SECONDS_PER_DAY = 86_400;

export interface OrderInput {
  /** Unix seconds by row, ascending. */
  readonly times: Uint32Array;
  /** Nanosecond part by row, ascending among rows of the same second; undefined: all are 0. */
  readonly timeNs: Uint32Array | undefined;
}

/** The rows of one output: row n is row rowOf[n] of input inputOf[n]. */
export interface OutputOrder {
  readonly inputOf: Uint8Array;
  readonly rowOf: Uint32Array;
  readonly times: Uint32Array;
  readonly timeNs: Uint32Array | undefined;
}

/** Where the rows of one input go. */
export interface InputMap {
  /** Row of the output by row of the input. */
  readonly newRow: Uint32Array;
  /** Number of the output by row of the input; undefined: all go to output 0. */
  readonly outputOf: Uint8Array | undefined;
}

export interface MergeOrder {
  readonly outputs: readonly OutputOrder[];
  readonly inputs: readonly InputMap[];
}

/**
 * Merges at most MERGE_INPUTS_MAX inputs by (time, nanosecond part, number of the input). Rows go to one output for each UTC day, at most `daysMax`
 * (1–255) in all: then the days with the most rows have one each and the others share the last. Memory: 13 to 18 bytes a row.
 */
export function mergeOrder(inputs: readonly OrderInput[], daysMax: number): MergeOrder {
  const outputOfDay = chooseOutputs(inputs, daysMax);
  const outputCount = Math.max(1, ...[...outputOfDay.values()].map(({ output }) => output + 1));
  const sizes = Array.from({ length: outputCount }, () => 0);
  for (const { output, rowCount } of outputOfDay.values()) sizes[output]! += rowCount;
  const hasNs = inputs.some(({ timeNs }) => timeNs !== undefined);
  const outputs = sizes.map((rowCount) => new OutputRows(rowCount, hasNs));
  const maps = inputs.map(({ times }) => ({
    newRow: new Uint32Array(times.length),
    outputOf: outputCount > 1 ? new Uint8Array(times.length) : undefined,
  }));
  for (const run of runsInOrder(inputs))
    for (let row = run.start; row < run.end;) {
      const day = Math.floor(inputs[run.input]!.times[row]! / SECONDS_PER_DAY);
      const end = firstAtOrAfter(
        inputs[run.input]!.times,
        (day + 1) * SECONDS_PER_DAY,
        row,
        run.end,
      );
      const { output } = outputOfDay.get(day) ?? { output: 0 };
      const map = maps[run.input]!;
      map.outputOf?.fill(output, row, end);
      outputs[output]!.append(inputs[run.input]!, { ...run, start: row, end }, map.newRow);
      row = end;
    }
  return { outputs, inputs: maps };
}

/** Rows [start, end) of an input that follow each other in the order of all. */
interface Run {
  readonly input: number;
  readonly start: number;
  readonly end: number;
}

class OutputRows implements OutputOrder {
  readonly inputOf: Uint8Array;
  readonly rowOf: Uint32Array;
  readonly times: Uint32Array;
  readonly timeNs: Uint32Array | undefined;
  #length: number = 0;

  constructor(rowCount: number, hasNs: boolean) {
    this.inputOf = new Uint8Array(rowCount);
    this.rowOf = new Uint32Array(rowCount);
    this.times = new Uint32Array(rowCount);
    this.timeNs = hasNs ? new Uint32Array(rowCount) : undefined;
  }

  append({ times, timeNs }: OrderInput, { input, start, end }: Run, newRow: Uint32Array): void {
    const at = this.#length;
    this.inputOf.fill(input, at, at + end - start);
    this.times.set(times.subarray(start, end), at);
    if (timeNs !== undefined) this.timeNs?.set(timeNs.subarray(start, end), at);
    for (let row = start; row < end; row++) {
      this.rowOf[at + row - start] = row;
      newRow[row] = at + row - start;
    }
    this.#length = at + end - start;
  }
}

/** The output of each day that has rows, and how many it has. */
function chooseOutputs(
  inputs: readonly OrderInput[],
  daysMax: number,
): ReadonlyMap<number, { readonly output: number; readonly rowCount: number }> {
  const counts = new Map<number, number>();
  for (const { times } of inputs)
    for (let row = 0; row < times.length;) {
      const day = Math.floor(times[row]! / SECONDS_PER_DAY);
      const end = firstAtOrAfter(times, (day + 1) * SECONDS_PER_DAY, row, times.length);
      counts.set(day, (counts.get(day) ?? 0) + end - row);
      row = end;
    }
  const byCount = [...counts].sort(([a, rowsA], [b, rowsB]) => rowsB - rowsA || a - b);
  const own = byCount.slice(0, counts.size <= daysMax ? daysMax : daysMax - 1);
  const numbers = new Map(
    own
      .map(([day]) => day)
      .sort((a, b) => a - b)
      .map((day, n) => [day, n]),
  );
  return new Map(
    byCount.map(([day, rowCount]) => [day, { output: numbers.get(day) ?? numbers.size, rowCount }]),
  );
}

/** First row of times[from, to) with this time or a later one, else `to`. */
function firstAtOrAfter(times: Uint32Array, time: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Inputs hardly overlap, so that runs are long and finding the next one may look at every input. */
function* runsInOrder(inputs: readonly OrderInput[]): Generator<Run> {
  const heads = inputs.map((input, number) => new Head(input, number));
  for (;;) {
    let first: Head | undefined;
    let second: Head | undefined;
    for (const head of heads) {
      if (head.row === head.rowCount) continue;
      if (first === undefined || head.isBefore(first)) {
        second = first;
        first = head;
      } else if (second === undefined || head.isBefore(second)) second = head;
    }
    if (first === undefined) return;
    const start = first.row++;
    if (second === undefined) first.row = first.rowCount;
    else while (first.row < first.rowCount && first.isBefore(second)) first.row++;
    yield { input: first.number, start, end: first.row };
  }
}

/** The next row of an input. */
class Head {
  readonly number: number;
  readonly rowCount: number;
  row: number = 0;
  readonly #times: Uint32Array;
  readonly #timeNs: Uint32Array | undefined;

  constructor({ times, timeNs }: OrderInput, number: number) {
    this.number = number;
    this.rowCount = times.length;
    this.#times = times;
    this.#timeNs = timeNs;
  }

  isBefore(other: Head): boolean {
    const time = this.#times[this.row]!;
    const otherTime = other.#times[other.row]!;
    if (time !== otherTime) return time < otherTime;
    const part = this.#timeNs?.[this.row] ?? 0;
    const otherPart = other.#timeNs?.[other.row] ?? 0;
    return part === otherPart ? this.number < other.number : part < otherPart;
  }
}
