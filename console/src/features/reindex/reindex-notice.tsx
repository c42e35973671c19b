import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { REINDEX_POLL_MS } from '../../shared/limits.ts';
import type { Place } from '../../shared/log-types.ts';
import { pause } from '../../shared/pause.ts';
import { readReindex } from './reindex-api.ts';
import type { ReindexJob } from './reindex-api.ts';
import { reindexText } from './reindex-text.ts';

/** A line about the reindex of a logstore while it matters to searches; followed as long as it is under way. */
export function ReindexNotice({ place }: { readonly place: Place }): ReactElement | undefined {
  const { project, logstore } = place;
  const [job, setJob] = useState<ReindexJob>();
  useEffect(() => {
    const abort = new AbortController();
    void followReindex({ project, logstore }, abort.signal, setJob);
    return () => abort.abort();
  }, [project, logstore]);
  const text = job === undefined ? undefined : reindexText(job);
  return text === undefined ? undefined : (
    <p className="page-note" role="status">
      {text}
    </p>
  );
}

async function followReindex(
  place: Place,
  signal: AbortSignal,
  onJob: (job: ReindexJob | undefined) => void,
): Promise<void> {
  try {
    for (;;) {
      const job = await readReindex(place, signal);
      if (signal.aborted) return;
      onJob(job);
      if (job?.state !== 'waiting' && job?.state !== 'running') return;
      await pause(REINDEX_POLL_MS, signal);
    }
  } catch {
    // What keeps the server from answering is told with the search.
    if (!signal.aborted) onJob(undefined);
  }
}
