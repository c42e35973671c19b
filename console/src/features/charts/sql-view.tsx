import { useMemo } from 'react';
import type { ReactElement } from 'react';
import { downloadText } from '../../shared/clipboard.ts';
import { formatCount } from '../../shared/format.ts';
import { Icon } from '../../shared/icon.tsx';
import type { LogRow } from '../../shared/log-types.ts';
import { ChartPanel } from './chart-panel.tsx';
import type { ChartChoice } from './chart-panel.tsx';
import { printCsv } from './csv.ts';
import { makeSqlResult } from './sql-result.ts';
import { SqlTable } from './sql-table.tsx';
import './charts.css';

interface SqlViewProps {
  readonly keys: readonly string[];
  readonly columnTypes: readonly string[];
  readonly rows: readonly LogRow[];
  /** Rows that the server stopped at because the SQL named no limit; undefined when it did not. */
  readonly limited: number | undefined;
  readonly fileName: string;
  readonly chart: ChartChoice;
  readonly onChart: (choice: ChartChoice) => void;
}

/** The result of SQL: a chart over a table, and the whole as a file. */
export function SqlView(props: SqlViewProps): ReactElement {
  const { keys, columnTypes, rows, limited } = props;
  const result = useMemo(() => makeSqlResult(keys, columnTypes, rows), [keys, columnTypes, rows]);
  return (
    <div className="sql-view">
      <ChartPanel result={result} choice={props.chart} onChoice={props.onChart} />
      <section className="sql-rows" aria-label="Table">
        <div className="panel-tools">
          <strong>
            {formatCount(rows.length)} {rows.length === 1 ? 'row' : 'rows'}
          </strong>
          {limited !== undefined && rows.length >= limited && (
            <span className="muted">
              the first {formatCount(limited)}: add a LIMIT to the SQL for another number
            </span>
          )}
          <span className="spacer" />
          <button
            type="button"
            className="button small"
            onClick={() => downloadText(props.fileName, 'text/csv;charset=utf-8', printCsv(result))}
          >
            <Icon name="download" /> Download CSV
          </button>
        </div>
        <SqlTable result={result} />
      </section>
    </div>
  );
}
