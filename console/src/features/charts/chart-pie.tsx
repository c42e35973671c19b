import { useState } from 'react';
import type { ReactElement } from 'react';
import { formatNumber } from '../../shared/format.ts';
import { CHART_HEIGHT } from './chart-axes.tsx';
import { pieSlices } from './chart-data.ts';
import type { ChartData } from './chart-data.ts';

const RADIUS = 96;
const HOLE = 54;

/** Shares of the whole as a ring, each named with its value beside it. */
export function ChartPie({ data }: { readonly data: ChartData }): ReactElement {
  const [active, setActive] = useState<string>();
  const slices = pieSlices(data);
  if (slices.length === 0) {
    return <p className="chart-note">A pie needs values above 0; choose another chart.</p>;
  }
  const arcs = slices.map((slice, index) => {
    const start = slices.slice(0, index).reduce((sum, before) => sum + before.share, 0);
    return { slice, path: arcPath(start, start + slice.share) };
  });
  return (
    <div className="chart-pie">
      <svg
        width={CHART_HEIGHT}
        height={CHART_HEIGHT}
        viewBox={`${-CHART_HEIGHT / 2} ${-CHART_HEIGHT / 2} ${CHART_HEIGHT} ${CHART_HEIGHT}`}
        role="img"
        aria-label={`Pie chart of ${slices.length} shares, listed beside it`}
      >
        {arcs.map(({ slice, path }, place) => (
          <path
            key={slice.name}
            className={`series-${place} pie-slice${active === slice.name ? ' active' : ''}`}
            d={path}
            fillRule="evenodd"
            onPointerEnter={() => setActive(slice.name)}
            onPointerLeave={() => setActive(undefined)}
          />
        ))}
      </svg>
      <table className="pie-legend">
        <tbody>
          {slices.map((slice, place) => (
            <tr
              key={slice.name}
              className={`series-${place}${active === slice.name ? ' active' : ''}`}
              onPointerEnter={() => setActive(slice.name)}
              onPointerLeave={() => setActive(undefined)}
            >
              <td>
                <span className="series-swatch" />
              </td>
              <th scope="row" title={slice.name}>
                {slice.name}
              </th>
              <td className="numeric">{formatNumber(slice.value)}</td>
              <td className="numeric muted">{(slice.share * 100).toFixed(1)}%</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The part of the ring between two shares of a turn, from twelve o'clock on. A whole ring is two circles. */
function arcPath(start: number, end: number): string {
  if (end - start > 0.9999) return `${circle(RADIUS)}${circle(HOLE)}`;
  const large = end - start > 0.5 ? 1 : 0;
  const outer = `M${at(start, RADIUS)}A${RADIUS} ${RADIUS} 0 ${large} 1 ${at(end, RADIUS)}`;
  return `${outer}L${at(end, HOLE)}A${HOLE} ${HOLE} 0 ${large} 0 ${at(start, HOLE)}Z`;
}

function at(share: number, radius: number): string {
  const angle = share * 2 * Math.PI;
  return `${(Math.sin(angle) * radius).toFixed(2)} ${(-Math.cos(angle) * radius).toFixed(2)}`;
}

function circle(radius: number): string {
  return `M0 ${-radius}A${radius} ${radius} 0 1 1 0 ${radius}A${radius} ${radius} 0 1 1 0 ${-radius}Z`;
}
