import type { ReactElement } from 'react';
import { CopyButton } from '../../shared/copy-button.tsx';
import type { Highlighter } from '../../shared/highlight.ts';
import { Icon } from '../../shared/icon.tsx';
import type { LogRow } from '../../shared/log-types.ts';
import { allFields, hasContext } from '../../shared/row-fields.ts';
import { ValueText } from '../../shared/value-text.tsx';
import type { FieldCondition } from './field-condition.ts';

interface RowDetailProps {
  readonly row: LogRow;
  readonly highlight: Highlighter;
  readonly columns: readonly string[];
  readonly onCondition: (condition: FieldCondition) => void;
  readonly onToggleColumn: (name: string) => void;
  readonly onContext: (row: LogRow) => void;
}

/** All fields of one log, each with its ways to narrow the search. */
export function RowDetail(props: RowDetailProps): ReactElement {
  const { row, highlight, onCondition } = props;
  return (
    <div className="row-detail">
      <div className="row-detail-tools">
        {hasContext(row) && (
          <button
            type="button"
            className="button small"
            title="What the same origin sent before and after this log"
            onClick={() => props.onContext(row)}
          >
            <Icon name="context" /> Context
          </button>
        )}
        <CopyButton label="Copy as JSON" text={() => JSON.stringify(row, undefined, 2)} />
      </div>
      <table className="row-detail-fields">
        <tbody>
          {allFields(row).map(([name, value]) => (
            <tr key={name}>
              <td className="row-detail-actions">
                {name !== '__time__' && (
                  <>
                    <button
                      type="button"
                      className="icon-button"
                      aria-label={`Only logs with this ${name}`}
                      title="Only logs with this value"
                      onClick={() => onCondition({ key: name, value, negated: false })}
                    >
                      <Icon name="include" />
                    </button>
                    <button
                      type="button"
                      className="icon-button"
                      aria-label={`Only logs without this ${name}`}
                      title="Only logs without this value"
                      onClick={() => onCondition({ key: name, value, negated: true })}
                    >
                      <Icon name="exclude" />
                    </button>
                    <button
                      type="button"
                      className="icon-button"
                      aria-pressed={props.columns.includes(name)}
                      aria-label={`${name} as a column of the table`}
                      title="Show or hide as a column of the table"
                      onClick={() => props.onToggleColumn(name)}
                    >
                      <Icon name="columns" />
                    </button>
                  </>
                )}
              </td>
              <th scope="row">{name}</th>
              <td className="row-detail-value">
                {value === '' ? (
                  <span className="empty-value">empty</span>
                ) : (
                  <ValueText field={name} value={value} highlight={highlight} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
