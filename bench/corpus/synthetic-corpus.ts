/** Seeded log groups of one kind of logs or of the mix: the same seed gives the same bytes on every machine. */
import { AccessLogs } from './access-logs.ts';
import { AppLogs } from './app-logs.ts';
import { FactCounter } from './corpus-facts.ts';
import { GroupWriter } from './group-writer.ts';
import { JsonLogs } from './json-logs.ts';
import type { KindName, LogKind, LogNotes } from './log-kind.ts';
import { CorpusRandom } from './random.ts';
import { SyslogLogs } from './syslog-logs.ts';

export type CorpusKind = KindName | 'mix';

export const CORPUS_KINDS: readonly CorpusKind[] = ['access', 'app', 'json', 'syslog', 'mix'];

/** Raw bytes of a group, as producers that batch send them. */
export const GROUP_BYTES: number = 512 * 1024;

/** 2026-03-02T08:00:00Z, a Monday: fixed, because the same seed must give the same bytes. */
const START_TIME = 1_772_438_400;

/** Logs a second between bursts, over all machines. */
const LOGS_PER_SECOND = 1000;

/** Groups of one stretch of even speed; then another speed is drawn. */
const BURST_GROUPS = 40;

/** Seconds that an agent collects before it sends. */
const GROUP_SECONDS = 3;

const LATE_SHARE = 0.01;
/** Of the late ones, those of the day before. */
const DAY_BEFORE_SHARE = 0.03;
const LATE_SECONDS_MAX = 4 * 3600;
const DAY_SECONDS = 86_400;

const MACHINE_COUNT = 64;

/** The mix by bytes, for every group is of about the same size. */
const MIX: readonly (readonly [KindName, number])[] = [
  ['access', 0.4],
  ['app', 0.3],
  ['json', 0.15],
  ['syslog', 0.15],
];

export class SyntheticCorpus {
  readonly counter: FactCounter;
  readonly #kind: CorpusKind;
  readonly #kinds: Readonly<Record<KindName, LogKind>>;
  readonly #random: CorpusRandom;
  readonly #writer = new GroupWriter();
  readonly #notes: LogNotes;
  #time: number = START_TIME;
  #speed: number = LOGS_PER_SECOND;
  #logTime = 0;

  constructor(options: {
    readonly kind: CorpusKind;
    readonly seed: number;
    readonly isLine?: boolean;
  }) {
    this.#kind = options.kind;
    this.#kinds = {
      access: new AccessLogs({ isLine: options.isLine ?? false }),
      app: new AppLogs(),
      json: new JsonLogs(),
      syslog: new SyslogLogs(),
    };
    this.#random = new CorpusRandom(options.seed);
    const counter = new FactCounter(new CorpusRandom(options.seed + 1));
    this.counter = counter;
    this.#notes = {
      sink: this.#writer,
      common: () => {
        counter.commonCount++;
      },
      unique: (term) => counter.needle({ term, time: this.#logTime }),
      text: (bytes) => {
        counter.textBytes += bytes;
      },
    };
  }

  /** The next group: a view that the call after it overwrites. Never ends. */
  next(): Uint8Array {
    const { counter } = this;
    const random = this.#random;
    if (counter.groupCount % BURST_GROUPS === 0)
      this.#speed = LOGS_PER_SECOND * random.pick([0.3, 0.7, 1, 1, 1.5, 5]);
    const kind = this.#kinds[this.#pickKind()];
    counter.hasAllText &&= kind.hasText;
    const machine = random.below(MACHINE_COUNT);
    const writer = this.#writer;
    writer.clear();
    const groupTime = Math.floor(this.#time);
    const host = `node-${machine}`;
    while (writer.length < GROUP_BYTES) {
      // Inside a group time goes on, as in the file that the agent reads.
      const time = groupTime - GROUP_SECONDS * (1 - writer.length / GROUP_BYTES);
      this.#logTime = Math.floor(time) - this.#delay();
      const timeNs = Math.floor((time % 1) * 1000) * 1_000_000;
      kind.write(random, { time: this.#logTime, timeNs, host }, this.#notes);
      counter.row(this.#logTime, groupTime);
    }
    this.#time += writer.logCount / this.#speed;
    return this.#finish(kind, { host, machine });
  }

  #finish(kind: LogKind, from: { readonly host: string; readonly machine: number }): Uint8Array {
    const { counter } = this;
    const bytes = this.#writer.finish({
      topic: '',
      source: `10.0.${from.machine >> 4}.${10 + from.machine}`,
      tags: [
        ['__hostname__', from.host],
        ['__path__', kind.path],
        [
          '__pack_id__',
          `${this.#random.hex(16).toUpperCase()}-${counter.groupCount.toString(16).toUpperCase()}`,
        ],
      ],
    });
    counter.groupCount++;
    counter.rawBytes += bytes.length;
    return bytes;
  }

  #pickKind(): KindName {
    if (this.#kind !== 'mix') return this.#kind;
    let rest = this.#random.unit();
    for (const [kind, share] of MIX) {
      rest -= share;
      if (rest < 0) return kind;
    }
    return 'access';
  }

  /** How many seconds a log comes late: none, nearly always. */
  #delay(): number {
    const random = this.#random;
    if (!random.chance(LATE_SHARE)) return 0;
    if (random.chance(DAY_BEFORE_SHARE)) return DAY_SECONDS - random.below(3600);
    return 3 + random.skewed(LATE_SECONDS_MAX);
  }
}
