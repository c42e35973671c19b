import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, RefObject } from 'react';
import { Icon } from '../../shared/icon.tsx';
import { Popover } from '../../shared/popover.tsx';
import { readHistory, rememberQuery } from './query-history.ts';
import { checkSyntax } from './syntax-check.ts';
import './search.css';

interface QueryBoxProps {
  /** The query that ran last; the box starts from it and follows it. */
  readonly query: string;
  readonly running: boolean;
  readonly onRun: (query: string) => void;
  readonly onCancel: () => void;
}

/** Lines that the box grows to before it scrolls. */
const LINES_MAX = 8;

export function QueryBox({ query, running, onRun, onCancel }: QueryBoxProps): ReactElement {
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
  const lineCount = Math.min(LINES_MAX, text.split('\n').length);
  return (
    <div className="query-area">
      <div className={problem === undefined ? 'query-box' : 'query-box has-problem'}>
        <textarea
          ref={box}
          className="query-input"
          aria-label="Query"
          aria-invalid={problem !== undefined}
          aria-describedby="query-problem"
          placeholder='search | select …    for example   status:500 and "connection reset"'
          rows={lineCount}
          value={text}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
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
      <RunButton running={running} onRun={() => run(text)} onCancel={onCancel} />
    </div>
  );
}

interface RunButtonProps {
  readonly running: boolean;
  readonly onRun: () => void;
  readonly onCancel: () => void;
}

function RunButton({ running, onRun, onCancel }: RunButtonProps): ReactElement {
  return running ? (
    <button type="button" className="button run" onClick={onCancel} title="Cancel (Esc)">
      <Icon name="stop" /> Cancel
    </button>
  ) : (
    <button type="button" className="button primary run" onClick={onRun} title="Search (Enter)">
      <Icon name="play" /> Search
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
