import { useState } from 'react';
import type { KeyboardEvent, PointerEvent, ReactElement } from 'react';
import { formatCompact, formatCount, formatWindow } from '../../shared/format.ts';
import type { HistogramBucket, TimeWindow } from '../../shared/log-types.ts';
import { niceTicks, timeTicks, zoneOffset } from '../../shared/scale.ts';
import { useElementWidth } from '../../shared/use-element-width.ts';
import { dragWindow, placeOf } from './histogram-scale.ts';
import './histogram.css';

interface HistogramProps {
  readonly window: TimeWindow;
  readonly buckets: readonly HistogramBucket[];
  readonly busy: boolean;
  readonly onZoom: (window: TimeWindow) => void;
}

interface Drag {
  readonly start: number;
  readonly end: number;
}

const HEIGHT = 84;
const LABEL_WIDTH = 44;
const TICK_SPACE_PX = 90;

/** How many logs, over time. Drag over a span to zoom into it; a click or Enter zooms into one bar. */
export function Histogram({ window, buckets, busy, onZoom }: HistogramProps): ReactElement {
  const [ref, fullWidth] = useElementWidth<HTMLDivElement>();
  const [drag, setDrag] = useState<Drag>();
  const [active, setActive] = useState<number>();
  const width = Math.max(0, fullWidth - LABEL_WIDTH);

  const bucketAt = (x: number): number =>
    buckets.findIndex((bucket) => x < placeOf(bucket.to, width, window));
  const zoomTo = (bucket: HistogramBucket | undefined): void => {
    if (bucket !== undefined && bucket.to - bucket.from < window.to - window.from) {
      onZoom({ from: bucket.from, to: bucket.to });
    }
  };
  const onPointerUp = (event: PointerEvent<SVGSVGElement>): void => {
    if (drag === undefined) return;
    setDrag(undefined);
    const chosen = dragWindow({ start: drag.start, end: placeIn(event) }, width, window);
    if (chosen === undefined) zoomTo(buckets[bucketAt(placeIn(event))]);
    else onZoom(chosen);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = buckets.length - 1;
    if (event.key === 'ArrowRight') setActive(Math.min(last, (active ?? -1) + 1));
    else if (event.key === 'ArrowLeft') setActive(Math.max(0, (active ?? last + 1) - 1));
    else if (event.key === 'Enter' && active !== undefined) zoomTo(buckets[active]);
    else if (event.key === 'Escape') setDrag(undefined);
    else return;
    event.preventDefault();
  };
  const activeBucket = active === undefined ? undefined : buckets[active];
  return (
    <div className="histogram" ref={ref} aria-busy={busy}>
      {width > 0 && (
        <svg
          className="histogram-plot"
          width={width}
          height={HEIGHT + 18}
          tabIndex={0}
          role="img"
          aria-label={`Logs over time, ${buckets.length} bars. Arrow keys read the bars, Enter zooms in.`}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag({ start: placeIn(event), end: placeIn(event) });
          }}
          onPointerMove={(event) => {
            const x = placeIn(event);
            setActive(Math.max(0, bucketAt(x)));
            if (drag !== undefined) setDrag({ start: drag.start, end: x });
          }}
          onPointerUp={onPointerUp}
          onPointerCancel={() => setDrag(undefined)}
          onPointerLeave={() => setActive(undefined)}
          onBlur={() => setActive(undefined)}
          onKeyDown={onKeyDown}
        >
          <Bars window={window} buckets={buckets} width={width} active={active} />
          <TimeAxis window={window} width={width} />
          {drag !== undefined && (
            <rect
              className="histogram-drag"
              x={Math.max(0, Math.min(drag.start, drag.end))}
              width={Math.min(width, Math.abs(drag.end - drag.start))}
              y={0}
              height={HEIGHT}
            />
          )}
        </svg>
      )}
      <Tooltip bucket={activeBucket} width={width} window={window} />
    </div>
  );
}

/** The pointer's place on the axis in pixels. */
function placeIn(event: PointerEvent<SVGSVGElement>): number {
  return event.clientX - event.currentTarget.getBoundingClientRect().left;
}

interface BarsProps {
  readonly window: TimeWindow;
  readonly buckets: readonly HistogramBucket[];
  readonly width: number;
  readonly active: number | undefined;
}

function Bars({ window, buckets, width, active }: BarsProps): ReactElement {
  const highest = buckets.reduce((most, bucket) => Math.max(most, bucket.count), 0);
  const ticks = niceTicks(0, Math.max(1, highest), 3).filter((tick) => Number.isInteger(tick));
  const top = ticks.at(-1) ?? 1;
  const gap = width / Math.max(1, buckets.length) > 5 ? 1 : 0;
  return (
    <g>
      {ticks.map((tick) => {
        const y = HEIGHT - (tick / top) * (HEIGHT - 8);
        return (
          <g key={tick}>
            <line className="grid-line" x1={0} x2={width} y1={y} y2={y} />
            <text className="axis-label" x={width + 6} y={y + 3.5}>
              {formatCompact(tick)}
            </text>
          </g>
        );
      })}
      {buckets.map((bucket, index) => {
        const left = placeOf(bucket.from, width, window);
        const right = placeOf(bucket.to, width, window);
        const height = bucket.count === 0 ? 0 : Math.max(1.5, (bucket.count / top) * (HEIGHT - 8));
        const state = bucket.progress === 'Incomplete' ? ' incomplete' : '';
        return (
          <rect
            key={bucket.from}
            className={`histogram-bar${state}${index === active ? ' active' : ''}`}
            data-count={bucket.count}
            x={left}
            width={Math.max(1, right - left - gap)}
            y={HEIGHT - height}
            height={height}
          />
        );
      })}
    </g>
  );
}

function TimeAxis(props: { readonly window: TimeWindow; readonly width: number }): ReactElement {
  const { window, width } = props;
  const countMax = Math.max(1, Math.floor(width / TICK_SPACE_PX));
  const ticks = timeTicks(window, countMax, zoneOffset(window.to));
  return (
    <g>
      {ticks.map((tick) => {
        const x = placeOf(tick.value, width, window);
        const anchor = x < 20 ? 'start' : x > width - 20 ? 'end' : 'middle';
        return (
          <g key={tick.value}>
            <line className="axis-tick" x1={x} x2={x} y1={HEIGHT} y2={HEIGHT + 4} />
            <text className="axis-label" x={x} y={HEIGHT + 15} textAnchor={anchor}>
              {tick.label}
            </text>
          </g>
        );
      })}
    </g>
  );
}

interface TooltipProps {
  readonly bucket: HistogramBucket | undefined;
  readonly window: TimeWindow;
  readonly width: number;
}

function Tooltip({ bucket, window, width }: TooltipProps): ReactElement {
  const middle = bucket === undefined ? 0 : placeOf((bucket.from + bucket.to) / 2, width, window);
  const left = Math.min(Math.max(110, middle), Math.max(110, width - 110));
  return (
    <div
      className={bucket === undefined ? 'tooltip hidden' : 'tooltip'}
      style={{ left }}
      aria-live="polite"
    >
      {bucket !== undefined && (
        <>
          <strong>{formatCount(bucket.count)} logs</strong>
          {bucket.progress === 'Incomplete' && ' (incomplete)'}
          <div className="muted">{formatWindow(bucket.from, bucket.to)}</div>
        </>
      )}
    </div>
  );
}
