import { useId, useState } from 'react';
import type { FormEvent, ReactElement } from 'react';
import { formatLocalTime, formatZone, parseLocalTime } from '../../shared/format.ts';
import { Icon } from '../../shared/icon.tsx';
import type { TimeWindow } from '../../shared/log-types.ts';
import { Popover } from '../../shared/popover.tsx';
import { describeRange, RELATIVE_CHOICES, resolveRange } from './time-range.ts';
import type { TimeRange } from './time-range.ts';
import './time-range.css';

interface TimeRangePickerProps {
  readonly range: TimeRange;
  readonly onChange: (range: TimeRange) => void;
}

export function TimeRangePicker({ range, onChange }: TimeRangePickerProps): ReactElement {
  return (
    <Popover
      label={`Time range: ${describeRange(range)}`}
      buttonClass="button time-range-button"
      button={
        <>
          <Icon name="calendar" />
          <span>{describeRange(range)}</span>
          <Icon name="chevron" />
        </>
      }
    >
      {(close) => {
        const choose = (chosen: TimeRange): void => {
          onChange(chosen);
          close();
        };
        return (
          <div className="time-range-panel">
            <RelativeList range={range} onChoose={choose} />
            <AbsoluteForm start={resolveRange(range, Date.now())} onChoose={choose} />
          </div>
        );
      }}
    </Popover>
  );
}

interface RelativeListProps {
  readonly range: TimeRange;
  readonly onChoose: (range: TimeRange) => void;
}

function RelativeList({ range, onChoose }: RelativeListProps): ReactElement {
  const current = range.kind === 'relative' ? range.seconds : undefined;
  return (
    <ul className="time-range-relative" aria-label="Relative ranges">
      {RELATIVE_CHOICES.map((choice, index) => (
        <li key={choice.seconds}>
          <button
            type="button"
            className="menu-item"
            aria-pressed={choice.seconds === current}
            autoFocus={current === undefined ? index === 0 : choice.seconds === current}
            onClick={() => onChoose({ kind: 'relative', seconds: choice.seconds })}
          >
            <span>{choice.label}</span>
            {choice.seconds === current && <Icon name="check" />}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface AbsoluteFormProps {
  readonly start: TimeWindow;
  readonly onChoose: (range: TimeRange) => void;
}

const TIME_HINT = 'Write a time as 2026-11-22 19:04:05, or as Unix seconds.';

function AbsoluteForm({ start, onChoose }: AbsoluteFormProps): ReactElement {
  const [from, setFrom] = useState(() => formatLocalTime(start.from));
  const [to, setTo] = useState(() => formatLocalTime(start.to));
  const [problem, setProblem] = useState<string>();
  const id = useId();

  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    const fromSeconds = parseLocalTime(from);
    const toSeconds = parseLocalTime(to);
    if (fromSeconds === undefined || toSeconds === undefined) {
      setProblem(TIME_HINT);
    } else if (fromSeconds >= toSeconds) {
      setProblem('The range ends before it begins.');
    } else {
      onChoose({ kind: 'absolute', from: fromSeconds, to: toSeconds });
    }
  };
  return (
    <form className="time-range-absolute" onSubmit={onSubmit} noValidate>
      <label htmlFor={`${id}-from`}>From</label>
      <input
        id={`${id}-from`}
        className="input mono"
        value={from}
        spellCheck={false}
        onChange={(event) => setFrom(event.target.value)}
      />
      <label htmlFor={`${id}-to`}>To (not included)</label>
      <input
        id={`${id}-to`}
        className="input mono"
        value={to}
        spellCheck={false}
        onChange={(event) => setTo(event.target.value)}
      />
      {problem !== undefined && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="time-range-foot">
        <span className="muted">local time, {formatZone(start.to)}</span>
        <button type="submit" className="button primary">
          Apply
        </button>
      </div>
    </form>
  );
}
