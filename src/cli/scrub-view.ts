/** What `sluice scrub` prints: findings and summary on standard output, progress on a terminal only. */
import type { ScrubFindingLine, ScrubLine, ScrubSummary } from '#backend/scrub-lines.ts';
import type { ScrubFinding, ScrubFindingKind, ScrubProgress } from '#backend/scrub-report.ts';
import type { TextOutput } from './command.ts';
import { bytesText, countText, durationText, plainText } from './text.ts';

export interface ScrubViewOptions {
  readonly json: boolean;
  /** The scrub was asked to repair, so what is left cannot be. */
  readonly repair: boolean;
  readonly output: TextOutput;
  readonly errors: TextOutput;
}

/** Back to the start of the line, and nothing on it. */
const CLEAR_LINE = '\r\u001B[K';

export class ScrubView {
  readonly #options: ScrubViewOptions;
  #listedCount = 0;
  #isProgressShown = false;

  constructor(options: ScrubViewOptions) {
    this.#options = options;
  }

  show(line: ScrubLine): void {
    if (line.kind === 'progress') {
      this.#showProgress(line);
      return;
    }
    this.clearProgress();
    if (this.#options.json) this.#options.output.write(`${JSON.stringify(line)}\n`);
    else if (line.kind === 'finding') this.#showFinding(line);
    else if (line.kind === 'summary') this.#showSummary(line);
  }

  /** To be called before anybody else writes. */
  clearProgress(): void {
    if (this.#isProgressShown) this.#options.errors.write(CLEAR_LINE);
    this.#isProgressShown = false;
  }

  #showProgress(progress: ScrubProgress): void {
    const { errors } = this.#options;
    if (!errors.isTerminal) return;
    const { checkedBytes, totalBytes } = progress;
    const share = totalBytes === 0 ? 0 : Math.min(1, checkedBytes / totalBytes);
    const bytes = `${bytesText(checkedBytes)} of ${bytesText(totalBytes)}`;
    errors.write(
      `${CLEAR_LINE}checked ${bytes} (${Math.floor(share * 100)} %), ${extent(progress)}`,
    );
    this.#isProgressShown = true;
  }

  #showFinding(line: ScrubFindingLine): void {
    this.#listedCount++;
    const { finding, projectName, logstoreName } = line;
    const logstore =
      logstoreName === undefined
        ? `deleted logstore ${finding.logstoreId}`
        : `${projectName}/${logstoreName}`;
    const subject = `${NOUNS[finding.kind]} of ${logstore} shard ${finding.shardId}`;
    const text = `${stateOf(finding)}: ${subject}, ${finding.file}: ${finding.what}`;
    const advice = adviceOn(finding, this.#options.repair);
    this.#options.output.write(`${plainText(`${text}; ${advice}`)}\n`);
  }

  #showSummary(summary: ScrubSummary): void {
    const { findingCount, repairedCount, damageCount, checkedBytes, durationMs } = summary;
    const checked = `checked ${bytesText(checkedBytes)} in ${durationText(durationMs)}, ${extent(summary)}`;
    const unlisted = findingCount - this.#listedCount;
    if (unlisted > 0)
      this.#options.output.write(`${countText(unlisted, 'more finding')} not listed here\n`);
    const counts = [
      repairedCount > 0 ? `${repairedCount.toLocaleString('en-US')} repaired` : undefined,
      damageCount > 0 ? `${damageCount.toLocaleString('en-US')} damaged` : undefined,
      findingCount - repairedCount - damageCount > 0
        ? `${countText(findingCount - repairedCount - damageCount, 'orphan')} left over`
        : undefined,
    ].filter((text) => text !== undefined);
    const result = counts.length === 0 ? 'all sound' : counts.join(', ');
    this.#options.output.write(`${checked}: ${result}\n`);
  }
}

const NOUNS: Readonly<Record<ScrubFindingKind, string>> = {
  wal: 'write-ahead log',
  index: 'index',
  rows: 'rows',
  manifest: 'manifest',
  orphan: 'orphan',
};

function extent(counts: { readonly segmentCount: number; readonly recordCount: number }): string {
  return `${countText(counts.segmentCount, 'segment')}, ${countText(counts.recordCount, 'record')}`;
}

function stateOf(finding: ScrubFinding): string {
  if (finding.kind === 'orphan') return finding.repaired ? 'removed' : 'left over';
  return finding.repaired ? 'repaired' : 'damaged';
}

/** What has been done about a finding, or what the operator can do: before a repair, and when that did not help. */
interface Advice {
  readonly repaired: string;
  readonly unrepaired: string;
  readonly irreparable: string;
}

const ONLY_BACKUP =
  'only a backup has it; consumers pass over it, searches find its logs where a segment holds them';

const SEGMENT: Advice = {
  repaired: 'built again',
  unrepaired: 'run again with --repair to build it again',
  irreparable:
    'the write-ahead log no longer holds all its logs, so it stays as it is: put the file back from a backup, or let it expire',
};

const ADVICE: Readonly<Record<ScrubFindingKind, Advice>> = {
  wal: { repaired: 'made whole', unrepaired: ONLY_BACKUP, irreparable: ONLY_BACKUP },
  index: SEGMENT,
  rows: SEGMENT,
  manifest: {
    repaired: 'made whole',
    unrepaired: 'run again with --repair to build it again',
    irreparable: 'put meta/ back from a backup while the server is stopped',
  },
  orphan: {
    repaired: 'nothing needs it',
    unrepaired: 'nothing needs it; --repair removes it, and so does each start of the server',
    irreparable: 'nothing needs it; the next start of the server removes it',
  },
};

function adviceOn(finding: ScrubFinding, repair: boolean): string {
  const advice = ADVICE[finding.kind];
  if (finding.repaired) return advice.repaired;
  return repair ? advice.irreparable : advice.unrepaired;
}
