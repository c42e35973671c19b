import { useState } from 'react';
import type { KeyboardEvent, PointerEvent, ReactElement } from 'react';
import { formatNumber } from '../../shared/format.ts';
import { niceTicks } from '../../shared/scale.ts';
import { useElementWidth } from '../../shared/use-element-width.ts';
import { Axes, bandOf, CHART_HEIGHT, makeFrame, pointLabel, xOf, yOf } from './chart-axes.tsx';
import type { Frame } from './chart-axes.tsx';
import { valueRange } from './chart-data.ts';
import type { ChartData, ChartSeries } from './chart-data.ts';

interface ChartPlotProps {
  readonly kind: 'line' | 'bar';
  readonly data: ChartData;
}

/** Lines or bars over a common x axis, with the values of the point under the pointer. */
export function ChartPlot({ kind, data }: ChartPlotProps): ReactElement {
  const [ref, width] = useElementWidth<HTMLDivElement>();
  const [active, setActive] = useState<number>();
  const range = valueRange(data);
  const ticks = niceTicks(range.low, range.high, 4);
  const frame = makeFrame(data, width, ticks);
  const byTime = kind === 'line' && data.axis === 'time';
  const last = data.points.length - 1;

  const onPointerMove = (event: PointerEvent<SVGSVGElement>): void => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    setActive(nearestPoint(frame, x, byTime));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowRight') setActive(Math.min(last, (active ?? -1) + 1));
    else if (event.key === 'ArrowLeft') setActive(Math.max(0, (active ?? last + 1) - 1));
    else return;
    event.preventDefault();
  };
  const shownIndex = active !== undefined && active <= last ? active : undefined;
  return (
    <div className="chart-plot" ref={ref}>
      {width > 0 && (
        <svg
          width={width}
          height={CHART_HEIGHT}
          role="img"
          tabIndex={0}
          aria-label={`${kind === 'line' ? 'Line' : 'Bar'} chart of ${data.series
            .map((series) => series.name)
            .join(', ')}. Arrow keys read the points.`}
          onPointerMove={onPointerMove}
          onPointerLeave={() => setActive(undefined)}
          onBlur={() => setActive(undefined)}
          onKeyDown={onKeyDown}
        >
          <Axes frame={frame} ticks={ticks} byTime={byTime} />
          {shownIndex !== undefined && (
            <line
              className="chart-cursor"
              x1={xOf(frame, shownIndex, byTime)}
              x2={xOf(frame, shownIndex, byTime)}
              y1={frame.y1}
              y2={frame.y0}
            />
          )}
          {kind === 'line' ? (
            <Lines frame={frame} byTime={byTime} active={shownIndex} />
          ) : (
            <Bars frame={frame} active={shownIndex} />
          )}
        </svg>
      )}
      {shownIndex !== undefined && <PlotTooltip frame={frame} index={shownIndex} byTime={byTime} />}
    </div>
  );
}

function nearestPoint(frame: Frame, x: number, byTime: boolean): number | undefined {
  let nearest: number | undefined;
  let distance = Infinity;
  for (let index = 0; index < frame.data.points.length; index += 1) {
    const away = Math.abs(xOf(frame, index, byTime) - x);
    if (away < distance) {
      distance = away;
      nearest = index;
    }
  }
  return nearest;
}

interface LinesProps {
  readonly frame: Frame;
  readonly byTime: boolean;
  readonly active: number | undefined;
}

/** Points closer than this carry no dot. */
const DOT_SPACE_PX = 14;

function Lines({ frame, byTime, active }: LinesProps): ReactElement {
  const showsDots = bandOf(frame) >= DOT_SPACE_PX;
  return (
    <g>
      {frame.data.series.map((series, place) => (
        <g key={series.name} className={`series series-${place}`}>
          <path className="series-line" d={linePath(frame, series, byTime)} />
          {series.values.map((value, index) =>
            value !== undefined && (showsDots || index === active) ? (
              <circle
                key={frame.data.points[index]?.label}
                className="series-dot"
                cx={xOf(frame, index, byTime)}
                cy={yOf(frame, value)}
                r={index === active ? 3.5 : 2}
              />
            ) : null,
          )}
        </g>
      ))}
    </g>
  );
}

/** A line through the values; a missing value breaks it, and a value alone is a dot (a round end of no length). */
function linePath(frame: Frame, series: ChartSeries, byTime: boolean): string {
  const { values } = series;
  const parts = values.map((value, index) => {
    if (value === undefined) return '';
    const place = `${xOf(frame, index, byTime).toFixed(1)} ${yOf(frame, value).toFixed(1)}`;
    if (values[index - 1] !== undefined) return `L${place}`;
    return values[index + 1] === undefined ? `M${place}h0` : `M${place}`;
  });
  return parts.join('');
}

function Bars(props: { readonly frame: Frame; readonly active: number | undefined }): ReactElement {
  const { frame, active } = props;
  const seriesCount = Math.max(1, frame.data.series.length);
  const group = Math.min(bandOf(frame) * 0.76, 56 * seriesCount);
  const barWidth = Math.max(1, group / seriesCount);
  return (
    <g>
      {frame.data.series.map((series, place) => (
        <g key={series.name} className={`series series-${place}`}>
          {series.values.map((value, index) => {
            if (value === undefined) return null;
            const y = yOf(frame, Math.max(0, value));
            return (
              <rect
                key={frame.data.points[index]?.label}
                className={index === active ? 'series-bar active' : 'series-bar'}
                x={xOf(frame, index, false) - group / 2 + place * barWidth}
                width={Math.max(1, barWidth - (barWidth > 6 ? 1 : 0))}
                y={y}
                height={Math.max(value === 0 ? 0 : 1, yOf(frame, Math.min(0, value)) - y)}
              />
            );
          })}
        </g>
      ))}
    </g>
  );
}

interface PlotTooltipProps {
  readonly frame: Frame;
  readonly index: number;
  readonly byTime: boolean;
}

function PlotTooltip({ frame, index, byTime }: PlotTooltipProps): ReactElement {
  const x = xOf(frame, index, byTime);
  const isRight = x > frame.width / 2;
  const style = isRight ? { right: frame.width - x + 12 } : { left: x + 12 };
  return (
    <div className="tooltip chart-tooltip" style={style} aria-live="polite">
      <div className="muted">{pointLabel(frame.data, frame.data.points[index])}</div>
      {frame.data.series.map((series, place) => {
        const value = series.values[index];
        return value === undefined ? null : (
          <div key={series.name} className={`tooltip-line series-${place}`}>
            <span className="series-swatch" />
            <span className="tooltip-name">{series.name}</span>
            <strong>{formatNumber(value)}</strong>
          </div>
        );
      })}
    </div>
  );
}
