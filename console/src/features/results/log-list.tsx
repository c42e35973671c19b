import { memo, useCallback, useMemo, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import { formatLogTime } from '../../shared/format.ts';
import { makeHighlighter, previewOf } from '../../shared/highlight.ts';
import type { Highlighter } from '../../shared/highlight.ts';
import { Icon } from '../../shared/icon.tsx';
import { VALUE_PREVIEW_CHARS } from '../../shared/limits.ts';
import type { LogRow, SearchTerm } from '../../shared/log-types.ts';
import { RawFields } from '../../shared/raw-fields.tsx';
import { rowKeys } from '../../shared/row-fields.ts';
import { ValueText } from '../../shared/value-text.tsx';
import type { FieldCondition } from './field-condition.ts';
import { RowDetail } from './row-detail.tsx';
import './results.css';

export interface LogListProps {
  readonly rows: readonly LogRow[];
  readonly terms: readonly SearchTerm[];
  readonly view: 'raw' | 'table';
  /** Columns of the table view. */
  readonly columns: readonly string[];
  /** Columns marked as chosen; in the raw view only those that the user chose. */
  readonly chosenColumns: readonly string[];
  readonly onCondition: (condition: FieldCondition) => void;
  readonly onToggleColumn: (name: string) => void;
  readonly onContext: (row: LogRow) => void;
}

/** The logs, each row opening to all its fields. Arrow keys move between rows, Enter opens and closes. */
export function LogList(props: LogListProps): ReactElement {
  const { rows, terms, view, columns, onCondition, onToggleColumn } = props;
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set());
  const highlight = useMemo(() => makeHighlighter(terms), [terms]);
  const keys = useMemo(() => rowKeys(rows), [rows]);
  const columnCount = view === 'table' ? columns.length + 2 : 3;

  // Kept the same over renders, so that opening one row does not draw the others again.
  const toggle = useCallback((key: string) => {
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  return (
    <table className={`log-list log-list-${view}`} onKeyDown={moveBetweenRows}>
      <LogListHead view={view} columns={columns} onToggleColumn={onToggleColumn} />
      {rows.map((row, index) => {
        const key = keys[index] ?? String(index);
        const isOpen = opened.has(key);
        return (
          <tbody key={key} className={isOpen ? 'log-row open' : 'log-row'}>
            <LogCells
              row={row}
              rowKey={key}
              columns={view === 'table' ? columns : undefined}
              highlight={highlight}
              isOpen={isOpen}
              onToggle={toggle}
            />
            {isOpen && (
              <tr>
                <td colSpan={columnCount}>
                  <RowDetail
                    row={row}
                    highlight={highlight}
                    columns={props.chosenColumns}
                    onCondition={onCondition}
                    onToggleColumn={onToggleColumn}
                    onContext={props.onContext}
                  />
                </td>
              </tr>
            )}
          </tbody>
        );
      })}
    </table>
  );
}

interface LogListHeadProps {
  readonly view: 'raw' | 'table';
  readonly columns: readonly string[];
  readonly onToggleColumn: (name: string) => void;
}

function LogListHead({ view, columns, onToggleColumn }: LogListHeadProps): ReactElement {
  return (
    <thead>
      <tr>
        <th className="cell-open">
          <span className="off-screen">Open</span>
        </th>
        <th className="cell-time">Time</th>
        {view === 'raw' && <th>Fields</th>}
        {view === 'table' &&
          columns.map((name) => (
            <th key={name}>
              <span className="column-head">
                {name}
                <button
                  type="button"
                  className="icon-button"
                  aria-label={`Remove the column ${name}`}
                  title="Remove the column"
                  onClick={() => onToggleColumn(name)}
                >
                  <Icon name="clear" />
                </button>
              </span>
            </th>
          ))}
      </tr>
    </thead>
  );
}

interface LogCellsProps {
  readonly row: LogRow;
  readonly rowKey: string;
  /** Undefined: all fields in one cell. */
  readonly columns: readonly string[] | undefined;
  readonly highlight: Highlighter;
  readonly isOpen: boolean;
  readonly onToggle: (key: string) => void;
}

const LogCells = memo(function LogCells(props: LogCellsProps): ReactElement {
  const { row, rowKey, columns, highlight, isOpen, onToggle } = props;
  const time = formatLogTime(row['__time__'] ?? '', row['__time_ns_part__']);
  return (
    <tr>
      <td className="cell-open">
        <button
          type="button"
          className="row-toggle"
          aria-expanded={isOpen}
          aria-label={`Log of ${time}`}
          onClick={() => onToggle(rowKey)}
        >
          <Icon name="chevron" />
        </button>
      </td>
      <td className="cell-time">{time}</td>
      {columns === undefined ? (
        <td className="cell-fields">
          <RawFields row={row} highlight={highlight} />
        </td>
      ) : (
        columns.map((name) => (
          <td key={name} className="cell-value">
            <CellValue name={name} value={row[name]} highlight={highlight} />
          </td>
        ))
      )}
    </tr>
  );
});

interface CellValueProps {
  readonly name: string;
  readonly value: string | undefined;
  readonly highlight: Highlighter;
}

function CellValue({ name, value, highlight }: CellValueProps): ReactElement {
  if (value === undefined) return <span className="empty-value">–</span>;
  const preview = previewOf(value, VALUE_PREVIEW_CHARS);
  return <ValueText field={name} value={preview} highlight={highlight} />;
}

/** Up and down move the focus between the rows' buttons. */
function moveBetweenRows(event: KeyboardEvent<HTMLTableElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  if (!(event.target instanceof HTMLElement) || !event.target.matches('.row-toggle')) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('.row-toggle')];
  const next = buttons[buttons.indexOf(event.target) + (event.key === 'ArrowDown' ? 1 : -1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
}
