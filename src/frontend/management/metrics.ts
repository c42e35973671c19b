/**
 * What the index is at, in Prometheus' text format (version 0.0.4). Sums over all shards and no name of anything, since
 * whoever reaches the port may read it, as the health check.
 */
import type { BackendStats } from '#backend/backend-stats.ts';
import type { HttpReply } from '../http-message.ts';

const encoder = new TextEncoder();

type Kind = 'counter' | 'gauge';

interface Sample {
  readonly name: string;
  readonly kind: Kind;
  readonly help: string;
  readonly value: number;
}

export function metricsReply(stats: BackendStats): HttpReply {
  const text = samplesOf(stats)
    .map(
      ({ name, kind, help, value }) =>
        `# HELP sluice_${name} ${help}\n# TYPE sluice_${name} ${kind}\nsluice_${name} ${value}\n`,
    )
    .join('');
  return {
    status: 200,
    headers: {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: encoder.encode(text),
  };
}

function samplesOf(stats: BackendStats): readonly Sample[] {
  const { shards } = stats;
  return [
    gauge('logstores', 'Logstores.', stats.logstoreCount),
    gauge(
      'index_lag_seconds',
      'Age of the oldest log that no segment has.',
      shards.pendingMs / 1000,
    ),
    gauge('index_pending_records', 'Log groups that no segment has.', shards.pendingCount),
    gauge('index_pending_bytes', 'Their raw bytes, estimated.', shards.pendingBytes),
    gauge('index_uncommitted_records', 'Log groups not committed.', shards.uncommittedCount),
    gauge(
      'index_local_segments',
      'Segments that are not committed (L0).',
      shards.sealedSegmentCount,
    ),
    gauge('index_local_bytes', 'Bytes of their files.', shards.sealedFileBytes),
    gauge('index_segments', 'Committed segments.', shards.committedSegmentCount),
    gauge('index_segment_bytes', 'Bytes of their files.', shards.committedFileBytes),
    gauge('index_damaged_segments', 'Segments that cannot be built again.', stats.damagedCount),
    gauge('index_sealing_shards', 'Shards with a seal under way or in line.', stats.sealingCount),
    gauge('index_merging_shards', 'Shards with a merge under way or in line.', stats.mergingCount),
    gauge('reindexes', 'Reindexes waiting or running.', stats.reindexCount),
    counter('index_seals', 'Seals.', stats.sealCount),
    counter('index_folds', 'Merges of local segments.', stats.foldCount),
    counter('index_commits', 'Commits.', stats.commitCount),
    counter('index_compactions', 'Compactions.', stats.compactionCount),
    counter(
      'index_rebuilds',
      'Segments built again from the log or from rows.',
      stats.rebuildCount,
    ),
    counter('reindex_segments', 'Segments that a reindex rebuilt.', stats.reindexedSegmentCount),
    counter('reindex_bytes', 'Raw bytes of their logs.', stats.reindexedBytes),
    counter('index_failures', 'Attempts that failed and are made again.', stats.failureCount),
    counter('index_damaged_records', 'Log groups that nobody can read.', stats.damagedRecordCount),
  ];
}

function gauge(name: string, help: string, value: number): Sample {
  return { name, kind: 'gauge', help, value };
}

function counter(name: string, help: string, value: number): Sample {
  return { name: `${name}_total`, kind: 'counter', help, value };
}
