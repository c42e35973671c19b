import { useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { formatCount } from '../../shared/format.ts';
import { Icon } from '../../shared/icon.tsx';
import { TABLE_ROWS_SHOWN } from '../../shared/limits.ts';
import { NULL_TEXT, sortRows } from './sql-result.ts';
import type { SortOrder, SqlColumn, SqlResult } from './sql-result.ts';

/** The result as it came, sortable by any column. */
export function SqlTable({ result }: { readonly result: SqlResult }): ReactElement {
  const [order, setOrder] = useState<SortOrder>();
  const [shownCount, setShownCount] = useState(TABLE_ROWS_SHOWN);
  const rows = useMemo(() => sortRows(result, order), [result, order]);
  const shown = rows.slice(0, shownCount);
  return (
    <>
      <table className="sql-table">
        <thead>
          <tr>
            {result.columns.map((column) => (
              <SqlHead key={column.name} column={column} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            // Rows of a result have no identity but their place.
            <tr key={index}>
              {result.columns.map((column) => (
                <SqlCell key={column.name} column={column} value={row[column.name]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shownCount && (
        <button
          type="button"
          className="button more-rows"
          onClick={() => setShownCount(shownCount + TABLE_ROWS_SHOWN)}
        >
          Show more ({formatCount(rows.length - shownCount)} of {formatCount(rows.length)} left)
        </button>
      )}
    </>
  );
}

interface SqlHeadProps {
  readonly column: SqlColumn;
  readonly order: SortOrder | undefined;
  readonly onOrder: (order: SortOrder | undefined) => void;
}

/** First press sorts, second turns the order, third gives the server's order back. Numbers begin with the largest. */
function SqlHead({ column, order, onOrder }: SqlHeadProps): ReactElement {
  const mine = order?.column === column.name ? order : undefined;
  const startsDescending = column.kind === 'number';
  const press = (): void => {
    if (mine === undefined) onOrder({ column: column.name, descending: startsDescending });
    else if (mine.descending === startsDescending) {
      onOrder({ column: column.name, descending: !startsDescending });
    } else onOrder(undefined);
  };
  const sorted = mine === undefined ? 'none' : mine.descending ? 'descending' : 'ascending';
  return (
    <th scope="col" aria-sort={sorted} className={column.kind === 'number' ? 'numeric' : undefined}>
      <button type="button" className="sort-button" onClick={press} title={column.type}>
        <span>{column.name}</span>
        {mine === undefined ? (
          <Icon name="sort" />
        ) : (
          <span aria-hidden="true">{mine.descending ? '↓' : '↑'}</span>
        )}
      </button>
    </th>
  );
}

function SqlCell(props: {
  readonly column: SqlColumn;
  readonly value: string | undefined;
}): ReactElement {
  const { column, value } = props;
  const className = column.kind === 'number' ? 'numeric' : undefined;
  if (value === undefined || value === NULL_TEXT) {
    return (
      <td className={className}>
        <span className="null-value">null</span>
      </td>
    );
  }
  return <td className={className}>{value}</td>;
}
