import type { ReactElement } from 'react';

interface RefreshPickerProps {
  /** Seconds between searches; 0 is off. */
  readonly seconds: number;
  readonly onChange: (seconds: number) => void;
}

const CHOICES: readonly { readonly seconds: number; readonly label: string }[] = [
  { seconds: 0, label: 'Refresh: off' },
  { seconds: 5, label: 'Every 5 s' },
  { seconds: 30, label: 'Every 30 s' },
];

export function RefreshPicker({ seconds, onChange }: RefreshPickerProps): ReactElement {
  return (
    <select
      className={seconds > 0 ? 'select on' : 'select'}
      aria-label="Refresh automatically"
      value={seconds}
      onChange={(event) => onChange(Number(event.target.value))}
    >
      {CHOICES.map((choice) => (
        <option key={choice.seconds} value={choice.seconds}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}
