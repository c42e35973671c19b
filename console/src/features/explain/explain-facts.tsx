import type { ReactElement, ReactNode } from 'react';
import type { ExplainReads, QueryExplain } from '#protocol/query-explain.ts';
import { formatBytes, formatCount } from '../../shared/format.ts';
import { blockReads } from './explain-data.ts';

/** What was read of the index and of the rows, and what did not need to be. */
export function ExplainFacts({ explain }: { readonly explain: QueryExplain }): ReactElement {
  const { index, rows, caches } = explain;
  return (
    <dl className="explain-facts">
      <Fact name="terms looked up">{formatCount(index.termLookups)}</Fact>
      <Fact name="posting lists">
        {formatCount(index.postingLists)} with {formatCount(index.postingRows)} rows
      </Fact>
      {blockReads(explain).map(({ name, ...reads }) => (
        <Fact key={name} name={`blocks: ${name}`}>
          {readsText(reads)}
        </Fact>
      ))}
      <Fact name="index read">{formatBytes(index.bytesRead)}</Fact>
      <Fact name="rows in the time">{formatCount(rows.scanned)}</Fact>
      <Fact name="rows matched">{formatCount(rows.matched)}</Fact>
      <Fact name="rows fetched">{formatCount(rows.fetched)}</Fact>
      <Fact name="pages">{readsText(rows.pages)}</Fact>
      <Fact name="columns read">{formatBytes(rows.bytesRead)}</Fact>
      <Fact name="searched before">{keptText(caches.rowSets)}</Fact>
      {explain.sql !== undefined && <Fact name="answered before">{keptText(caches.parts)}</Fact>}
    </dl>
  );
}

function readsText({ read, cached }: ExplainReads): string {
  return `${formatCount(read)} read, ${formatCount(cached)} from memory`;
}

function keptText({ hits, misses }: { readonly hits: number; readonly misses: number }): string {
  return `${formatCount(hits)} of ${formatCount(hits + misses)} segments`;
}

interface FactProps {
  readonly name: string;
  readonly children: ReactNode;
}

function Fact({ name, children }: FactProps): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
