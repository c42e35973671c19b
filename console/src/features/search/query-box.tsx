import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, RefObject } from 'react';
import { Icon } from '../../shared/icon.tsx';
import { Popover } from '../../shared/popover.tsx';
import { errorPlace } from './error-place.ts';
import type { ErrorPlace } from './error-place.ts';
import { readHistory, rememberQuery } from './query-history.ts';
import { QueryText } from './query-text.tsx';
import { checkSyntax } from './syntax-check.ts';
import './search.css';

interface QueryBoxProps {
  /** The query that ran last; the box starts from it and follows it. */
  readonly query: string;
  readonly running: boolean;
  /** What the server said against the query that ran last. */
  readonly refusal: string | undefined;
  /** The words on the button, while nothing runs and while something does. */
  readonly runLabel: string;
  readonly cancelLabel: string;
  readonly onRun: (query: string) => void;
  readonly onCancel: () => void;
}

export function QueryBox(props: QueryBoxProps): ReactElement {
  const { query, running, onRun, onCancel } = props;
  const [text, setText] = useState(query);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => setText(query), [query]);
  useFocusKey(box);

  const run = (wanted: string): void => {
    rememberQuery(localStorage, wanted);
    onRun(wanted.trim());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      run(text);
    } else if (event.key === 'Escape' && running) {
      onCancel();
    }
  };
  const problem = useSyntaxProblem(text);
  const place = useMemo(
    () => placeIn(text, query, { problem, refusal: props.refusal }),
    [text, query, problem, props.refusal],
  );
  return (
    <div className="query-area">
      <div className={problem === undefined ? 'query-box' : 'query-box has-problem'}>
        <QueryText
          box={box}
          text={text}
          invalid={problem !== undefined}
          place={place}
          onText={setText}
          onKeyDown={onKeyDown}
        />
        {text !== '' && (
          <button
            type="button"
            className="icon-button"
            aria-label="Clear the query"
            title="Clear the query"
            onClick={() => {
              setText('');
              box.current?.focus();
            }}
          >
            <Icon name="clear" />
          </button>
        )}
        <HistoryMenu
          onChoose={(chosen) => {
            setText(chosen);
            run(chosen);
          }}
        />
      </div>
      <p id="query-problem" className="query-problem" aria-live="polite">
        {problem}
      </p>
      <RunButton {...props} onRun={() => run(text)} />
    </div>
  );
}

interface RunButtonProps extends Pick<
  QueryBoxProps,
  'running' | 'runLabel' | 'cancelLabel' | 'onCancel'
> {
  readonly onRun: () => void;
}

function RunButton(props: RunButtonProps): ReactElement {
  return props.running ? (
    <button type="button" className="button run" onClick={props.onCancel} title="Escape">
      <Icon name="stop" /> {props.cancelLabel}
    </button>
  ) : (
    <button type="button" className="button primary run" onClick={props.onRun} title="Enter">
      <Icon name="play" /> {props.runLabel}
    </button>
  );
}

function HistoryMenu({ onChoose }: { readonly onChoose: (query: string) => void }): ReactElement {
  return (
    <Popover
      label="Last queries"
      buttonClass="icon-button"
      align="end"
      button={<Icon name="history" />}
    >
      {(close) => {
        const history = readHistory(localStorage);
        if (history.length === 0) {
          return (
            <p className="picker-note">Queries that you run are kept here, in this browser.</p>
          );
        }
        return (
          <ul className="query-history" aria-label="Last queries">
            {history.map((entry) => (
              <li key={entry}>
                <button
                  type="button"
                  className="menu-item mono"
                  onClick={() => {
                    close();
                    onChoose(entry);
                  }}
                >
                  {entry}
                </button>
              </li>
            ))}
          </ul>
        );
      }}
    </Popover>
  );
}

/**
 * Where the error is: our own parser's in the text as it stands; the server's, whose words stand with the results, while
 * the text is still the query that it refused.
 */
function placeIn(
  text: string,
  query: string,
  said: { readonly problem: string | undefined; readonly refusal: string | undefined },
): ErrorPlace | undefined {
  if (said.problem !== undefined) return errorPlace(text, said.problem);
  if (said.refusal === undefined || text.trim() !== query.trim()) return undefined;
  const place = errorPlace(text.trim(), said.refusal);
  const blanks = text.length - text.trimStart().length;
  return place && { start: place.start + blanks, end: place.end + blanks };
}

/** `/` puts the cursor into the box from anywhere but a place where one types. */
function useFocusKey(box: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest('input, textarea, select'))
        return;
      event.preventDefault();
      box.current?.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [box]);
}

/** Milliseconds without a key after which a half-written query is called wrong. */
const CHECK_DELAY_MS = 400;

/** The problem of the text once the user stopped typing; a text that reads clears it at once. */
function useSyntaxProblem(text: string): string | undefined {
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const found = checkSyntax(text);
    const delay = found === undefined ? 0 : CHECK_DELAY_MS;
    const timer = setTimeout(() => setProblem(found), delay);
    return () => clearTimeout(timer);
  }, [text]);
  return problem;
}
