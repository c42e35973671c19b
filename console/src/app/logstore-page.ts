import type { Place } from '../shared/log-types.ts';
import type { ConsoleLocation } from './location.ts';
import type { Navigate } from './use-console-location.ts';

/** What every page about one logstore is given. */
export interface LogstorePageProps {
  readonly place: Place;
  readonly location: ConsoleLocation;
  readonly navigate: Navigate;
  /** Told of every error besides its being shown. */
  readonly onError: (error: unknown) => void;
}
