import { useMemo } from 'react';
import type { ReactElement } from 'react';
import type {
  ExplainPart,
  ExplainProfile,
  ExplainSql as ExplainedSql,
} from '#protocol/query-explain.ts';
import { CopyButton } from '../../shared/copy-button.tsx';
import { formatCount, formatMs } from '../../shared/format.ts';
import { operatorLines, wayText } from './explain-data.ts';

/** How the statement was answered, what was sent for it, and what the engine did with that. */
export function ExplainSql({ sql }: { readonly sql: ExplainedSql }): ReactElement {
  return (
    <>
      <p>
        Answered from <strong>{wayText(sql.way)}</strong>.
      </p>
      <ul>
        {sql.relations.map((relation) => (
          <li key={relation.view}>
            <code>{relation.view}</code> is {relation.logstoreName}: {formatCount(relation.rows)}{' '}
            rows of {formatCount(relation.segments)}{' '}
            {relation.segments === 1 ? 'segment' : 'segments'}
            {relation.columns.length > 0 && `, ${relation.columns.join(', ')}`}
          </li>
        ))}
        {sql.parts.map((part) => (
          <li key={part.view}>
            <code>{part.view}</code> is from {partText(part)}
          </li>
        ))}
      </ul>
      <div className="explain-sent">
        <CopyButton text={() => sql.sent} label="Copy the SQL" />
        <pre tabIndex={0} aria-label="The SQL that was sent">
          {sql.sent}
        </pre>
      </div>
      {sql.views.length > 0 && (
        <details>
          <summary>What its names stand for</summary>
          {sql.views.map(({ name, select }) => (
            <div key={name} className="explain-sent">
              <code>{name}</code>
              <pre tabIndex={0} aria-label={`What ${name} stands for`}>
                {select}
              </pre>
            </div>
          ))}
        </details>
      )}
      {sql.profile !== undefined && <Profile profile={sql.profile} />}
    </>
  );
}

function partText(part: ExplainPart): string {
  if (part.way !== 'kept') return wayText(part.way);
  const counts = [
    [part.hits, 'kept'],
    [part.misses, 'made now'],
    [part.rest, 'read without keeping'],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `parts of segments: ${said.join(', ')}`;
}

function Profile({ profile }: { readonly profile: ExplainProfile }): ReactElement {
  const lines = useMemo(() => operatorLines(profile.root), [profile]);
  return (
    <details>
      <summary>
        Inside the engine: {formatMs(profile.durationMs)}, {formatMs(profile.cpuMs)} of processor,{' '}
        {formatCount(profile.rowsScanned)} rows scanned
      </summary>
      <table className="explain-table">
        <thead>
          <tr>
            <th>Operator</th>
            <th className="numeric">Rows</th>
            <th className="numeric">Time</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ operator, depth }, index) => (
            // Operators of a plan have no identity but their place.
            <tr key={index} title={operator.detail}>
              <td>
                <span style={{ paddingLeft: `${Math.min(depth, INDENT_MAX) * INDENT_PIXELS}px` }}>
                  {operator.name}
                </span>
                <span className="explain-detail muted">{operator.detail}</span>
              </td>
              <td className="numeric">{formatCount(operator.rows)}</td>
              <td className="numeric">{formatMs(operator.durationMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** Deeper plans stop moving to the right, so that names stay readable. */
const INDENT_MAX = 12;
const INDENT_PIXELS = 10;
