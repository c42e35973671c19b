import { useMemo } from 'react';
import type { ReactElement } from 'react';
import type { ExplainSegment, QueryExplain } from '#protocol/query-explain.ts';
import { formatCount, formatLocalTime, formatMs, formatWindow } from '../../shared/format.ts';
import { countOf, segmentParts } from './explain-data.ts';

/** How many segments there are and what became of them; on request each that was looked at. */
export function ExplainSegments({ explain }: { readonly explain: QueryExplain }): ReactElement {
  const parts = useMemo(() => segmentParts(explain), [explain]);
  const { total, list } = explain.segments;
  return (
    <>
      <p>
        <strong>{formatCount(countOf(total))}</strong> in all
        {total.sealed > 0 && `, ${formatCount(total.sealed)} not committed yet`}
      </p>
      <div className="explain-shares" aria-hidden="true">
        {parts.map(({ name, share }) => (
          <span key={name} className={`explain-share ${name}`} style={{ width: `${share}%` }} />
        ))}
      </div>
      <ul className="explain-legend">
        {parts.map(({ name, label, count }) => (
          <li key={name} className={count === 0 ? 'none' : undefined} data-part={name}>
            <span className={`explain-swatch ${name}`} />
            <strong>{formatCount(count)}</strong> {label}
          </li>
        ))}
      </ul>
      {list.length > 0 && (
        <details>
          <summary>
            The {list.length} that {list.length === 1 ? 'was' : 'were'} looked at
          </summary>
          <SegmentTable list={list} />
        </details>
      )}
    </>
  );
}

function SegmentTable({ list }: { readonly list: readonly ExplainSegment[] }): ReactElement {
  return (
    <table className="explain-table">
      <thead>
        <tr>
          <th>From</th>
          <th className="numeric">Rows</th>
          <th className="numeric">Matched</th>
          <th className="numeric">Time</th>
        </tr>
      </thead>
      <tbody>
        {list.map((segment) => (
          <tr key={segment.id} title={titleOf(segment)}>
            <td>{formatLocalTime(segment.minTime)}</td>
            <td className="numeric">{formatCount(segment.scannedRows)}</td>
            <td className="numeric">{formatCount(segment.matchedRows)}</td>
            <td className="numeric">{segment.isCached ? 'kept' : formatMs(segment.durationMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function titleOf(segment: ExplainSegment): string {
  const kind = segment.kind === 'sealed' ? ', not committed yet' : '';
  const span = formatWindow(segment.minTime, segment.maxTime);
  return `${segment.id}${kind}: ${span}, ${formatCount(segment.rowCount)} rows`;
}
