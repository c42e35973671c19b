import { useMemo } from 'react';
import type { ReactElement } from 'react';
import type { QueryExplain } from '#protocol/query-explain.ts';
import { formatMs } from '../../shared/format.ts';
import { stepBars } from './explain-data.ts';

/** The steps one under the other, each a bar where its time lies in the time of the whole. */
export function ExplainSteps({ explain }: { readonly explain: QueryExplain }): ReactElement {
  const bars = useMemo(() => stepBars(explain), [explain]);
  return (
    <table className="explain-steps">
      <thead className="off-screen">
        <tr>
          <th>Step</th>
          <th>When</th>
          <th>Time</th>
        </tr>
      </thead>
      <tbody>
        {bars.map((bar, index) => (
          // Steps have no identity but their place.
          <tr key={index} className={bar.isLongest ? 'longest' : undefined}>
            <th scope="row">{bar.label}</th>
            <td className="explain-track">
              <span
                className={`explain-bar ${bar.tone}`}
                style={{ left: `${bar.start}%`, width: `${bar.width}%` }}
              />
            </td>
            <td className="numeric">{formatMs(bar.durationMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
