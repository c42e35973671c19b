import type { ReactElement } from 'react';
import { formatCompact, formatLocalTime } from '../../shared/format.ts';
import { timeTicks, zoneOffset } from '../../shared/scale.ts';
import type { ChartData, ChartPoint } from './chart-data.ts';

export const CHART_HEIGHT = 240;
const TOP = 10;
const BOTTOM = 24;
const LEFT = 52;
const RIGHT = 14;
const TIME_TICK_PX = 90;
const NAME_TICK_PX = 70;
const NAME_PX_PER_CHAR = 6.6;

/** Where things are drawn. */
export interface Frame {
  readonly width: number;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly low: number;
  readonly high: number;
  readonly data: ChartData;
}

export function makeFrame(data: ChartData, width: number, ticks: readonly number[]): Frame {
  return {
    width,
    x0: LEFT,
    x1: Math.max(LEFT + 1, width - RIGHT),
    y0: CHART_HEIGHT - BOTTOM,
    y1: TOP,
    low: ticks[0] ?? 0,
    high: ticks.at(-1) ?? 1,
    data,
  };
}

export function yOf(frame: Frame, value: number): number {
  const share = (value - frame.low) / (frame.high - frame.low);
  return frame.y0 - share * (frame.y0 - frame.y1);
}

/** Width of one point's band. On a time axis of a line chart points have no width. */
export function bandOf(frame: Frame): number {
  return (frame.x1 - frame.x0) / Math.max(1, frame.data.points.length);
}

function timeSpan(data: ChartData): { readonly from: number; readonly to: number } {
  const from = data.points[0]?.time ?? 0;
  const to = data.points.at(-1)?.time ?? from + 1;
  return { from, to: to > from ? to : from + 1 };
}

/** The middle of a point: by its time for lines over time, else by its place in the row of bands. */
export function xOf(frame: Frame, index: number, byTime: boolean): number {
  const point = frame.data.points[index];
  if (byTime && point?.time !== undefined) {
    const span = timeSpan(frame.data);
    return frame.x0 + ((point.time - span.from) / (span.to - span.from)) * (frame.x1 - frame.x0);
  }
  return frame.x0 + (index + 0.5) * bandOf(frame);
}

/** A point's name in a tooltip. */
export function pointLabel(data: ChartData, point: ChartPoint | undefined): string {
  if (point === undefined) return '';
  return data.isEpoch && point.time !== undefined ? formatLocalTime(point.time) : point.label;
}

interface AxesProps {
  readonly frame: Frame;
  readonly ticks: readonly number[];
  readonly byTime: boolean;
}

export function Axes({ frame, ticks, byTime }: AxesProps): ReactElement {
  return (
    <g>
      {ticks.map((tick) => (
        <g key={tick}>
          <line
            className={tick === 0 ? 'zero-line' : 'grid-line'}
            x1={frame.x0}
            x2={frame.x1}
            y1={yOf(frame, tick)}
            y2={yOf(frame, tick)}
          />
          <text className="axis-label" x={frame.x0 - 8} y={yOf(frame, tick) + 3.5} textAnchor="end">
            {formatCompact(tick)}
          </text>
        </g>
      ))}
      {xLabels(frame, byTime).map((label) => (
        <text
          key={label.x}
          className="axis-label"
          x={label.x}
          y={CHART_HEIGHT - 7}
          textAnchor={label.x > frame.x1 - 16 ? 'end' : 'middle'}
        >
          {label.text}
        </text>
      ))}
    </g>
  );
}

interface XLabel {
  readonly x: number;
  readonly text: string;
}

function xLabels(frame: Frame, byTime: boolean): readonly XLabel[] {
  const { data } = frame;
  const width = frame.x1 - frame.x0;
  if (byTime && data.axis === 'time') {
    const span = timeSpan(data);
    const offset = data.isEpoch ? zoneOffset(span.from) : 0;
    const window = { from: span.from, to: span.to + 1 };
    const ticks = timeTicks(window, Math.max(2, Math.floor(width / TIME_TICK_PX)), offset);
    const scale = width / (span.to - span.from);
    return ticks.map((tick) => ({
      x: frame.x0 + (tick.value - span.from) * scale,
      text: tick.label,
    }));
  }
  const every = Math.max(1, Math.ceil(NAME_TICK_PX / bandOf(frame)));
  const charsMax = Math.max(4, Math.floor((bandOf(frame) * every) / NAME_PX_PER_CHAR));
  return data.points.flatMap((point, index) => {
    if (index % every !== 0) return [];
    const text = pointLabel(data, point);
    const short = text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
    return [{ x: xOf(frame, index, false), text: short }];
  });
}
