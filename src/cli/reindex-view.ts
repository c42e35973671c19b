/** What `sluice reindex` prints: the job on standard output, its progress on a terminal only. */
import { isOver, type ReindexReport } from '#backend/reindex-report.ts';
import type { TextOutput } from './command.ts';
import { bytesText, countText, durationText, plainText } from './text.ts';

export interface ReindexViewOptions {
  readonly json: boolean;
  readonly output: TextOutput;
  readonly errors: TextOutput;
}

/** Back to the start of the line, and nothing on it. */
const CLEAR_LINE = '\r\u001B[K';

export class ReindexView {
  readonly #options: ReindexViewOptions;
  #isProgressShown = false;

  constructor(options: ReindexViewOptions) {
    this.#options = options;
  }

  showProgress(report: ReindexReport): void {
    const { errors } = this.#options;
    if (!errors.isTerminal) return;
    errors.write(`${CLEAR_LINE}${plainText(textOf(report))}`);
    this.#isProgressShown = true;
  }

  show(report: ReindexReport): void {
    this.clearProgress();
    const { output, json } = this.#options;
    output.write(json ? `${JSON.stringify(report)}\n` : `${plainText(textOf(report))}\n`);
  }

  /** To be called before anybody else writes. */
  clearProgress(): void {
    if (this.#isProgressShown) this.#options.errors.write(CLEAR_LINE);
    this.#isProgressShown = false;
  }
}

function textOf(report: ReindexReport): string {
  const { state, createTimeMs, endTimeMs, errorMessage } = report;
  const parts = [extentText(report)];
  if (isOver(state)) {
    if (endTimeMs !== undefined) parts.push(`after ${durationText(endTimeMs - createTimeMs)}`);
    if (errorMessage !== undefined) parts.push(errorMessage);
  } else {
    if (report.bytesPerSecond !== undefined) parts.push(`${bytesText(report.bytesPerSecond)}/s`);
    if (report.remainingMs !== undefined) parts.push(`${durationText(report.remainingMs)} left`);
    if (errorMessage !== undefined) parts.push(`tries again after: ${errorMessage}`);
  }
  return `${state}: ${parts.join(', ')}`;
}

function extentText({ done, total }: ReindexReport): string {
  if (total.segmentCount === 0) return 'nothing to rebuild';
  const share = total.rawBytes === 0 ? 1 : done.rawBytes / total.rawBytes;
  const bytes = `${bytesText(done.rawBytes)} of ${bytesText(total.rawBytes)}`;
  const segments = `${done.segmentCount.toLocaleString('en-US')} of ${countText(total.segmentCount, 'segment')}`;
  return `rebuilt ${bytes} (${Math.floor(share * 100)} %), ${segments}, ${countText(done.rowCount, 'row')}`;
}
