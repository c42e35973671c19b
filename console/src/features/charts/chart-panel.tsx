import { useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { Segmented } from '../../shared/segmented.tsx';
import { autoChart, buildChart } from './chart-data.ts';
import type { ChartData, ChartKind, ChartSpec } from './chart-data.ts';
import { ChartPie } from './chart-pie.tsx';
import { ChartPlot } from './chart-plot.tsx';
import type { SqlResult } from './sql-result.ts';

/** `auto` draws what fits; `none` leaves the room to the table. */
export type ChartChoice = ChartKind | 'auto' | 'none';

interface ChartPanelProps {
  readonly result: SqlResult;
  readonly choice: ChartChoice;
  readonly onChoice: (choice: ChartChoice) => void;
}

const CHOICES: readonly { readonly value: ChartChoice; readonly label: string }[] = [
  { value: 'auto', label: 'Auto' },
  { value: 'line', label: 'Line' },
  { value: 'bar', label: 'Bar' },
  { value: 'pie', label: 'Pie' },
  { value: 'none', label: 'No chart' },
];

/** Columns chosen by hand; each holds for as long as the result has it. */
interface ColumnChoice {
  readonly x?: string;
  readonly y?: string;
}

export function ChartPanel({ result, choice, onChoice }: ChartPanelProps): ReactElement {
  const [columns, setColumns] = useState<ColumnChoice>({});
  const spec = useMemo(() => chosenSpec(result, choice, columns), [result, choice, columns]);
  const data = useMemo(
    () => (spec === undefined ? undefined : buildChart(result, spec)),
    [result, spec],
  );
  return (
    <section className="chart-panel" aria-label="Chart">
      <div className="panel-tools">
        <Segmented label="Chart" value={choice} options={CHOICES} onChange={onChoice} />
        {spec !== undefined && (
          <ColumnSelects result={result} spec={spec} onColumns={setColumns} columns={columns} />
        )}
      </div>
      {spec !== undefined && data !== undefined && <Chart spec={spec} data={data} />}
      {spec === undefined && choice !== 'none' && (
        <p className="chart-note">
          There is no chart of this result: one needs two or more rows, a column of names or times
          and a column of numbers.
        </p>
      )}
    </section>
  );
}

function chosenSpec(
  result: SqlResult,
  choice: ChartChoice,
  columns: ColumnChoice,
): ChartSpec | undefined {
  const auto = choice === 'none' ? undefined : autoChart(result);
  if (auto === undefined) return undefined;
  const names = new Set(result.columns.map((column) => column.name));
  const x = columns.x !== undefined && names.has(columns.x) ? columns.x : auto.x;
  const chosenY = columns.y !== undefined && names.has(columns.y) ? [columns.y] : auto.y;
  const y = chosenY.filter((name) => name !== x);
  const isGrouped = auto.series !== x && auto.series !== columns.y;
  const series = isGrouped ? auto.series : undefined;
  const kind = choice === 'auto' || choice === 'none' ? auto.kind : choice;
  // A pie shows one number by one name, so several lines are added up.
  return {
    kind,
    x: kind === 'pie' && series !== undefined && columns.x === undefined ? series : x,
    y,
    series: kind === 'pie' ? undefined : series,
  };
}

interface ColumnSelectsProps {
  readonly result: SqlResult;
  readonly spec: ChartSpec;
  readonly columns: ColumnChoice;
  readonly onColumns: (columns: ColumnChoice) => void;
}

function ColumnSelects(props: ColumnSelectsProps): ReactElement {
  const { result, spec, columns, onColumns } = props;
  const numbers = result.columns.filter((column) => column.kind === 'number');
  return (
    <div className="column-selects">
      <label>
        {spec.kind === 'pie' ? 'Slices' : 'X'}
        <select
          className="select"
          value={spec.x}
          onChange={(event) => onColumns({ ...columns, x: event.target.value })}
        >
          {result.columns.map((column) => (
            <option key={column.name} value={column.name}>
              {column.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {spec.kind === 'pie' ? 'Size' : 'Y'}
        <select
          className="select"
          value={columns.y ?? ''}
          onChange={(event) => {
            const { y: _, ...others } = columns;
            const value = event.target.value;
            onColumns(value === '' ? others : { ...others, y: value });
          }}
        >
          <option value="">{spec.y.length > 1 ? 'all numbers' : (spec.y[0] ?? '')}</option>
          {numbers.length > 1 &&
            numbers.map((column) => (
              <option key={column.name} value={column.name}>
                {column.name}
              </option>
            ))}
        </select>
      </label>
    </div>
  );
}

function Chart({
  spec,
  data,
}: {
  readonly spec: ChartSpec;
  readonly data: ChartData;
}): ReactElement {
  if (spec.kind === 'pie') return <ChartPie data={data} />;
  return (
    <>
      {data.series.length > 1 && (
        <ul className="chart-legend" aria-label="Series">
          {data.series.map((series, place) => (
            <li key={series.name} className={`series-${place}`}>
              <span className="series-swatch" />
              {series.name}
            </li>
          ))}
        </ul>
      )}
      <ChartPlot kind={spec.kind} data={data} />
      {data.droppedCount > 0 && (
        <p className="chart-note">{data.droppedCount} more points are only in the table.</p>
      )}
    </>
  );
}
