import { formatSpan } from '../../shared/format.ts';
import type { ReindexJob } from './reindex-api.ts';

/** What a reindex means for who searches now; undefined when it means nothing. */
export function reindexText(job: ReindexJob): string | undefined {
  switch (job.state) {
    case 'waiting':
      return 'Old logs are to be indexed again, after those of another logstore. Until then they are found by the index that they were written under.';
    case 'running':
      return `Old logs are being indexed again: ${progressText(job)}. Until then some are found by the index that they were written under.`;
    case 'failed':
      return `Some old logs are found by the index that they were written under, as their reindex failed: ${job.errorCode ?? ''}: ${job.errorMessage ?? ''}`;
    default:
      return undefined;
  }
}

function progressText({ total, done, remainingMs }: ReindexJob): string {
  const share = total.rawBytes === 0 ? 0 : Math.floor((done.rawBytes / total.rawBytes) * 100);
  const rest = remainingMs === undefined ? '' : `, about ${formatSpan(remainingMs / 1000)} left`;
  return `${share} %${rest}`;
}
