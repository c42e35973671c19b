import type { ReactElement, ReactNode } from 'react';
import type { QueryExplain } from '#protocol/query-explain.ts';
import { formatBytes, formatMs } from '../../shared/format.ts';
import { Icon } from '../../shared/icon.tsx';
import { ExplainFacts } from './explain-facts.tsx';
import { ExplainPlan } from './explain-plan.tsx';
import { ExplainSegments } from './explain-segments.tsx';
import { ExplainSql } from './explain-sql.tsx';
import { ExplainSteps } from './explain-steps.tsx';
import './explain.css';

interface ExplainPanelProps {
  /** Undefined while the search runs, and when it failed. */
  readonly explain: QueryExplain | undefined;
  readonly running: boolean;
  readonly onClose: () => void;
}

/** What the search did for its answer: time by step, segments, index, rows, SQL, and the search as it was understood. */
export function ExplainPanel({ explain, running, onClose }: ExplainPanelProps): ReactElement {
  return (
    <aside className="explain" aria-label="Explain" aria-busy={running}>
      <header className="explain-head">
        <h2>Explain</h2>
        {explain !== undefined && (
          <span className="muted" data-testid="explain-total">
            {formatMs(explain.totals.durationMs)}, {formatBytes(explain.totals.bytesRead)} read
          </span>
        )}
        <span className="spacer" />
        <button
          type="button"
          className="icon-button"
          aria-label="Close the explanation"
          title="Close"
          onClick={onClose}
        >
          <Icon name="clear" />
        </button>
      </header>
      <div className="explain-body" tabIndex={0} role="region" aria-label="What the search did">
        {explain === undefined ? (
          <p className="muted">
            {running ? 'Searching…' : 'There is nothing to explain: the search gave no answer.'}
          </p>
        ) : (
          <ExplainParts explain={explain} />
        )}
      </div>
    </aside>
  );
}

function ExplainParts({ explain }: { readonly explain: QueryExplain }): ReactElement {
  return (
    <>
      <Part title="Time">
        <ExplainSteps explain={explain} />
      </Part>
      <Part title="Segments">
        <ExplainSegments explain={explain} />
      </Part>
      {explain.search !== undefined && (
        <Part title="Search">
          <ExplainPlan root={explain.search} rowSets={explain.caches.rowSets} />
        </Part>
      )}
      {explain.sql !== undefined && (
        <Part title="SQL">
          <ExplainSql sql={explain.sql} />
        </Part>
      )}
      <Part title="Reads">
        <ExplainFacts explain={explain} />
      </Part>
    </>
  );
}

interface PartProps {
  readonly title: string;
  readonly children: ReactNode;
}

function Part({ title, children }: PartProps): ReactElement {
  return (
    <section className="explain-part" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
