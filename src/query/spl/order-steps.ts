/** The stages that need all rows at once to say which come first. */
import { AppError } from '#base/app-error.ts';
import { SPL_ROWS_MAX } from '../limits.ts';
import { quoteName } from '../sql/text.ts';
import type { LimitStage, SortStage } from './stages.ts';
import { columnOf, kept, select, type Step, type StepContext } from './step.ts';

/** `sort` and `limit`: over rows whose fields are all named. */
export function cut(step: Step, stage: SortStage | LimitStage, context: StepContext): Step {
  if (step.rests.some(({ isLog }) => isLog))
    throw new AppError(
      'ParameterInvalid',
      `${stage.kind} is only available after project or stats`,
    );
  if (stage.kind === 'sort') return sort(step, stage.terms, context);
  if (stage.count > SPL_ROWS_MAX)
    throw new AppError('ParameterInvalid', `limit is too large: at most ${SPL_ROWS_MAX} rows`);
  const sql = `SELECT * FROM (${step.sql}) AS sls_prev ${orderSql(step)}LIMIT ${stage.count}`;
  return { ...step, sql, isBlocking: true, limit: stage.count };
}

function sort(step: Step, terms: SortStage['terms'], context: StepContext): Step {
  const columns = terms.map(({ field, isDescending }) => ({
    name: `__sls_order_${context.nextNumber()}`,
    sql: quoteName(columnOf(step, field, context.text).name),
    direction: isDescending ? 'DESC' : 'ASC',
  }));
  const order = columns.map(({ name, direction }) => `${name} ${direction} NULLS LAST`);
  const sorted = select(step, step.columns.map(kept), {
    hidden: [...step.hidden, ...columns.map(({ name }) => name)],
    // What sorts alike stays in the order that it had.
    order: [...order, ...step.order],
    extra: Object.fromEntries(columns.map(({ name, sql }) => [name, sql])),
  });
  return { ...sorted, isBlocking: true };
}

export function orderSql({ order }: Step): string {
  return order.length === 0 ? '' : `ORDER BY ${order.join(', ')} `;
}
