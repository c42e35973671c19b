import type { ReactElement } from 'react';
import type { ExplainCaches, ExplainLookup, ExplainNode } from '#protocol/query-explain.ts';
import { formatCount, formatMs } from '../../shared/format.ts';
import { placesText } from './explain-data.ts';

interface ExplainPlanProps {
  readonly root: ExplainNode;
  readonly rowSets: ExplainCaches['rowSets'];
}

/** The search as a tree: what each part became, and how many rows it has where it was looked for. */
export function ExplainPlan({ root, rowSets }: ExplainPlanProps): ReactElement {
  const { hits, misses } = rowSets;
  return (
    <>
      {hits > 0 && (
        <p className="muted">
          {formatCount(hits)} of {formatCount(hits + misses)} segments had been searched for this
          before: their rows were kept.
        </p>
      )}
      <ul className="explain-tree">
        <PlanNode node={root} />
      </ul>
    </>
  );
}

function PlanNode({ node }: { readonly node: ExplainNode }): ReactElement {
  const isOperator = node.operands.length > 0;
  return (
    <li>
      <div className="explain-node">
        <span className={isOperator ? 'explain-operator' : 'explain-label'}>{node.label}</span>
        <span className="spacer" />
        <span className="numeric muted">{figuresOf(node)}</span>
      </div>
      {node.lookups.map((lookup, index) => (
        // Lookups of one node have no identity but their place.
        <Lookup key={index} lookup={lookup} isNumeric={node.kind === 'numeric'} />
      ))}
      {isOperator && (
        <ul>
          {node.operands.map((operand, index) => (
            <PlanNode key={index} node={operand} />
          ))}
        </ul>
      )}
    </li>
  );
}

function figuresOf({ segments, rows, durationMs }: ExplainNode): string {
  if (segments === 0) return '–';
  return `${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'}, ${formatMs(durationMs)}`;
}

interface LookupProps {
  readonly lookup: ExplainLookup;
  readonly isNumeric: boolean;
}

function Lookup({ lookup, isNumeric }: LookupProps): ReactElement {
  const { terms, fields } = lookup;
  const isAny = terms.length === 0;
  return (
    <div className="explain-lookup">
      {terms.map((term) => (
        <code key={term} className="explain-term">
          {term}
        </code>
      ))}
      <span className="muted" title={fields.filter((name) => name !== '').join(', ')}>
        {isAny ? (isNumeric ? 'numbers of' : 'any value of') : 'in'} {placesText(lookup)}
      </span>
    </div>
  );
}
