import { useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { formatCount } from '../../shared/format.ts';
import { Icon } from '../../shared/icon.tsx';
import type { LogRow } from '../../shared/log-types.ts';
import type { FieldCondition } from './field-condition.ts';
import { topValues } from './field-stats.ts';
import type { FieldStats } from './field-stats.ts';
import './field-list.css';

/** How a field is indexed; undefined for a field without an index of its own. */
export type FieldTypes = ReadonlyMap<string, string>;

interface FieldListProps {
  readonly rows: readonly LogRow[];
  readonly fields: readonly FieldStats[];
  readonly types: FieldTypes;
  readonly columns: readonly string[];
  readonly onCondition: (condition: FieldCondition) => void;
  readonly onToggleColumn: (name: string) => void;
}

/** The fields of the loaded rows; an opened field shows its most frequent values. */
export function FieldList(props: FieldListProps): ReactElement {
  const [filter, setFilter] = useState('');
  const [opened, setOpened] = useState<string>();
  const wanted = filter.trim().toLowerCase();
  const shown = props.fields.filter((field) => field.name.toLowerCase().includes(wanted));
  return (
    <aside className="field-list" aria-label="Fields">
      <div className="field-list-head">
        <h2>Fields</h2>
        <span className="muted">{formatCount(props.rows.length)} loaded rows</span>
      </div>
      <input
        className="input"
        type="search"
        aria-label="Find a field"
        placeholder="Find a field…"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <ul className="field-names">
        {shown.map((field) => (
          <FieldItem
            key={field.name}
            {...props}
            field={field}
            isOpen={opened === field.name}
            onToggle={() => setOpened(opened === field.name ? undefined : field.name)}
          />
        ))}
      </ul>
    </aside>
  );
}

interface FieldItemProps extends FieldListProps {
  readonly field: FieldStats;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function FieldItem(props: FieldItemProps): ReactElement {
  const { field, isOpen } = props;
  const isColumn = props.columns.includes(field.name);
  return (
    <li className={field.reserved ? 'field-item reserved' : 'field-item'}>
      <div className="field-line">
        <button
          type="button"
          className="field-toggle"
          aria-expanded={isOpen}
          onClick={props.onToggle}
        >
          <FieldType type={props.types.get(field.name)} />
          <span className="field-name" title={field.name}>
            {field.name}
          </span>
          <span className="field-count">{formatCount(field.rowCount)}</span>
        </button>
        <button
          type="button"
          className="icon-button field-column"
          aria-pressed={isColumn}
          aria-label={`${field.name} as a column of the table`}
          title={isColumn ? 'Hide the column' : 'Show as a column of the table'}
          onClick={() => props.onToggleColumn(field.name)}
        >
          <Icon name="columns" />
        </button>
      </div>
      {isOpen && (
        <FieldValues rows={props.rows} name={field.name} onCondition={props.onCondition} />
      )}
    </li>
  );
}

const TYPE_SIGNS: Readonly<Record<string, string>> = {
  text: 'T',
  long: '#',
  double: '.#',
  json: '{}',
};

function FieldType({ type }: { readonly type: string | undefined }): ReactElement {
  const title = type === undefined ? 'no index of its own' : `${type} index`;
  return (
    <span className="field-type" title={title}>
      {type === undefined ? '·' : (TYPE_SIGNS[type] ?? '?')}
    </span>
  );
}

interface FieldValuesProps {
  readonly rows: readonly LogRow[];
  readonly name: string;
  readonly onCondition: (condition: FieldCondition) => void;
}

function FieldValues({ rows, name, onCondition }: FieldValuesProps): ReactElement {
  const { top, distinctCount, rowCount } = useMemo(() => topValues(rows, name), [rows, name]);
  return (
    <div className="field-values">
      <ul>
        {top.map(({ value, count }) => {
          const share = Math.round((count / Math.max(1, rowCount)) * 100);
          return (
            <li key={value} className="field-value">
              <button
                type="button"
                className="field-value-button"
                title={`Only logs with this value (${formatCount(count)} of ${formatCount(rowCount)})`}
                onClick={() => onCondition({ key: name, value, negated: false })}
              >
                <span className="field-value-text">
                  {value === '' ? <span className="empty-value">empty</span> : value.slice(0, 120)}
                </span>
                <span className="field-value-count">{formatCount(count)}</span>
                <span className="field-value-bar" style={{ width: `${share}%` }} />
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
            </li>
          );
        })}
      </ul>
      {distinctCount > top.length && (
        <p className="muted">{formatCount(distinctCount)} different values in the loaded rows</p>
      )}
    </div>
  );
}
