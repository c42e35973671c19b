/** The stages that choose and name fields. */
import { passes, type NameFilter } from './name-filters.ts';
import type { FieldName, Renamed } from './stages.ts';
import {
  checkDistinct,
  columnOf,
  kept,
  select,
  spelled,
  type Step,
  type StepContext,
} from './step.ts';

export function project(step: Step, fields: readonly Renamed[], context: StepContext): Step {
  const targets = fields.map(({ to }) => to);
  checkDistinct(targets, context.text);
  const outputs = fields.map(({ to, from }) => ({
    ...kept(columnOf(step, from, context.text)),
    name: spelled(to.name, context),
  }));
  return select(step, outputs, { rests: [] });
}

export function chooseLike(step: Step, filter: NameFilter): Step {
  const columns = step.columns.filter(({ name }) => passes([filter], name));
  const rests = step.rests.map((rest) => ({ ...rest, filters: [...rest.filters, filter] }));
  return select(step, columns.map(kept), { rests });
}

export function drop(step: Step, fields: readonly FieldName[], { text }: StepContext): Step {
  const dropped = new Set(fields.map((field) => columnOf(step, field, text).name));
  const columns = step.columns.filter(({ name }) => !dropped.has(name));
  return select(step, columns.map(kept));
}

export function rename(step: Step, fields: readonly Renamed[], context: StepContext): Step {
  const olds = fields.map(({ from }) => from);
  checkDistinct(olds, context.text);
  const targets = fields.map(({ to }) => to);
  checkDistinct(targets, context.text);
  const news = new Map(
    fields.map(({ to, from }) => [columnOf(step, from, context.text).name, to.name]),
  );
  const taken = new Set(targets.map(({ name }) => name.toLowerCase()));
  const outputs = step.columns
    .filter(({ name }) => news.has(name) || !taken.has(name.toLowerCase()))
    .map((column) => {
      const name = news.get(column.name);
      return { ...kept(column), name: name === undefined ? column.name : spelled(name, context) };
    });
  return select(step, outputs);
}
