import { useEffect, useRef } from 'react';
import type { ReactElement } from 'react';
import { LOADED_ROWS_MAX, PAGE_ROWS } from '../../shared/limits.ts';
import { formatCount } from '../../shared/format.ts';

interface MoreRowsProps {
  readonly more: 'none' | 'available' | 'loading' | 'atLimit';
  /** The last page failed: only the user asks again. */
  readonly failed: boolean;
  readonly onMore: () => void;
}

/** The end of the list: brings the next page when it comes into view, or on a press. */
export function MoreRows({ more, failed, onMore }: MoreRowsProps): ReactElement | undefined {
  const end = useRef<HTMLDivElement>(null);
  const isWaiting = more === 'available' && !failed;
  useEffect(() => {
    const element = end.current;
    if (element === null || !isWaiting) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) onMore();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [isWaiting, onMore]);

  if (more === 'none')
    return <div className="more-rows muted">All logs of this search are loaded.</div>;
  if (more === 'atLimit') {
    return (
      <div className="more-rows muted">
        {formatCount(LOADED_ROWS_MAX)} logs are loaded, the most that this page keeps. Narrow the
        time or the query to see the others.
      </div>
    );
  }
  return (
    <div className="more-rows" ref={end}>
      <button type="button" className="button" onClick={onMore} disabled={more === 'loading'}>
        {more === 'loading' ? 'Loading…' : `Load ${PAGE_ROWS} more`}
      </button>
    </div>
  );
}
