/** What a search became in the segments where it was evaluated: the words that were looked up, and the rows of each part. */
import type { Clock } from '#platform/clock.ts';
import type { ExplainLookup, ExplainNode } from '#protocol/query-explain.ts';
import { EXPLAIN_FIELDS_MAX, EXPLAIN_LOOKUPS_MAX } from '../limits.ts';
import type { FieldRef, NumberRange, SearchPlan, TextForm } from '../search/compile-search.ts';
import type { TermPattern } from '../search/wildcards.ts';

interface NodeFacts {
  rows: number;
  segments: number;
  durationMs: number;
  /** By their terms. */
  readonly lookups: Map<string, Lookup>;
}

interface Lookup {
  readonly terms: readonly string[];
  readonly fields: Set<string>;
  fieldCount: number;
}

export class SearchTrace {
  readonly #clock: Clock;
  readonly #facts = new WeakMap<SearchPlan, NodeFacts>();

  constructor(collaborators: { readonly clock: Clock }) {
    this.#clock = collaborators.clock;
  }

  /** Runs the evaluation of a part of the search on one segment. */
  async evaluate<T extends { count(): number }>(
    plan: SearchPlan,
    work: () => Promise<T>,
  ): Promise<T> {
    const startMs = this.#clock.monotonicMs();
    const rows = await work();
    const facts = this.#factsOf(plan);
    facts.segments++;
    facts.rows += rows.count();
    facts.durationMs += this.#clock.monotonicMs() - startMs;
    return rows;
  }

  /** What a text of the search became for some fields of a segment. */
  cut(plan: SearchPlan, parts: readonly (string | TermPattern)[], fields: readonly string[]): void {
    const { lookups } = this.#factsOf(plan);
    const terms = parts.map(termText);
    const key = JSON.stringify(terms);
    const lookup = lookups.get(key) ?? { terms, fields: new Set(), fieldCount: 0 };
    if (lookups.size < EXPLAIN_LOOKUPS_MAX) lookups.set(key, lookup);
    lookup.fieldCount = Math.max(lookup.fieldCount, fields.length);
    for (const field of fields)
      if (lookup.fields.size < EXPLAIN_FIELDS_MAX) lookup.fields.add(field);
  }

  report(plan: SearchPlan): ExplainNode {
    const { rows, segments, durationMs, lookups } = this.#factsOf(plan);
    const operands =
      plan.kind === 'and' || plan.kind === 'or'
        ? plan.operands
        : plan.kind === 'not'
          ? [plan.operand]
          : [];
    return {
      kind: plan.kind,
      label: labelOf(plan),
      lookups: [...lookups.values()].map(lookupOf),
      rows,
      segments,
      durationMs,
      operands: operands.map((operand) => this.report(operand)),
    };
  }

  #factsOf(plan: SearchPlan): NodeFacts {
    const known = this.#facts.get(plan);
    if (known !== undefined) return known;
    const made = { rows: 0, segments: 0, durationMs: 0, lookups: new Map<string, Lookup>() };
    this.#facts.set(plan, made);
    return made;
  }
}

function lookupOf({ terms, fields, fieldCount }: Lookup): ExplainLookup {
  return { terms, fields: [...fields].sort(), fieldCount: Math.max(fieldCount, fields.size) };
}

function termText(part: string | TermPattern): string {
  return typeof part === 'string' ? part : `${part.prefix}${part.rest ?? '*'}`;
}

/** A part of the search as it was understood. */
export function labelOf(plan: SearchPlan): string {
  switch (plan.kind) {
    case 'all':
      return '*';
    case 'fullText':
      return textLabel(plan.text, plan.form);
    case 'field':
      return `${fieldLabel(plan.field)}:${textLabel(plan.text, plan.form)}`;
    case 'numeric':
      return `${fieldLabel(plan.field)} ${rangeLabel(plan.range)}`;
    default:
      return plan.kind;
  }
}

/** All leaves below a JSON field are `name.*`. */
function fieldLabel({ name, type }: FieldRef): string {
  return type === 'leaves' ? `${name}.*` : name;
}

function textLabel(text: string, form: TextForm): string {
  if (form === 'word') return text;
  return form === 'phrase' ? `#${JSON.stringify(text)}` : JSON.stringify(text);
}

function rangeLabel({ low, high, lowInclusive, highInclusive, exact }: NumberRange): string {
  if (low === high) return `= ${exact ?? low}`;
  if (high === Infinity) return `${lowInclusive ? '>=' : '>'} ${exact ?? low}`;
  if (low === -Infinity) return `${highInclusive ? '<=' : '<'} ${exact ?? high}`;
  return `in ${lowInclusive ? '[' : '('}${low} ${high}${highInclusive ? ']' : ')'}`;
}
