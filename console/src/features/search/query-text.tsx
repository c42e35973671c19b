import { useLayoutEffect, useRef } from 'react';
import type { KeyboardEvent, ReactElement, RefObject } from 'react';
import type { ErrorPlace } from './error-place.ts';

interface QueryTextProps {
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly invalid: boolean;
  /** Underlined, when it is known where the error is. */
  readonly place: ErrorPlace | undefined;
  readonly onText: (text: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** Lines that the box grows to before it scrolls. */
const LINES_MAX = 8;

/**
 * The field that a query is written into. A text field cannot mark a part of its text, so the same text stands behind it,
 * invisible but for the mark.
 */
export function QueryText(props: QueryTextProps): ReactElement {
  const { box, text, place } = props;
  const back = useRef<HTMLDivElement>(null);
  const follow = (): void => {
    if (back.current !== null && box.current !== null)
      back.current.scrollTop = box.current.scrollTop;
  };
  useLayoutEffect(follow, [text, place]);
  return (
    <div className="query-text">
      <div ref={back} className="query-input query-back" aria-hidden="true">
        {place !== undefined && (
          <>
            {text.slice(0, place.start)}
            <span className="query-error">{text.slice(place.start, place.end) || ' '}</span>
            {text.slice(place.end)}
          </>
        )}
      </div>
      <textarea
        ref={box}
        className="query-input"
        aria-label="Query"
        aria-invalid={props.invalid}
        aria-describedby="query-problem"
        placeholder='search | select …    for example   status:500 and "connection reset"'
        rows={Math.min(LINES_MAX, text.split('\n').length)}
        value={text}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onChange={(event) => props.onText(event.target.value)}
        onKeyDown={props.onKeyDown}
        onScroll={follow}
      />
    </div>
  );
}
