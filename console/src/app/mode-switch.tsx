import type { ReactElement } from 'react';
import { Segmented } from '../shared/segmented.tsx';
import type { ConsoleLocation } from './location.ts';
import type { Navigate } from './use-console-location.ts';

interface ModeSwitchProps {
  readonly mode: ConsoleLocation['mode'];
  readonly navigate: Navigate;
}

/** What the query is for: logs of a time, or those that are written from now on. */
export function ModeSwitch({ mode, navigate }: ModeSwitchProps): ReactElement {
  return (
    <Segmented
      label="Mode"
      value={mode}
      options={[
        { value: 'search', label: 'Search' },
        { value: 'tail', label: 'Live' },
      ]}
      onChange={(wanted) => navigate({ mode: wanted })}
    />
  );
}
