/**
 * For tests: random expressions in two spellings, one in the dialect of the service and one in DuckDB's own SQL, made of
 * the pairs of `expression-forms.ts`.
 */
import type * as fc from 'fast-check';
import { AGGREGATES, FORMS, WINDOWS, type Form, type Kind } from './expression-forms.ts';

export interface Expression {
  readonly kind: Kind;
  readonly sls: string;
  readonly duck: string;
  readonly isConstant: boolean;
}

export interface ScopeColumn extends Expression {
  /** What an answer calls it when it is an output without alias. */
  readonly label: string;
  readonly isBig: boolean;
  readonly isExact: boolean;
  readonly isJson: boolean;
  /** Unix seconds. */
  readonly isTime: boolean;
  /** Different in all rows, and not null. */
  readonly isUnique: boolean;
}

/** Draws from a random source; shrinks to what comes first. */
export interface Draw {
  /** 0 … max. */
  upTo(max: number): number;
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T;
  /** More likely not, and not when it shrinks. */
  chance(percent: number): boolean;
}

export function drawFrom(g: fc.GeneratorValue, nat: (max: number) => fc.Arbitrary<number>): Draw {
  const upTo = (max: number): number => g(nat, max);
  return {
    upTo,
    pick: (list) => list[upTo(list.length - 1)]!,
    chance: (percent) => upTo(99) >= 100 - percent,
  };
}

const WORDS = ["'ab'", "'b'", "'7'", "'it''s'", "'日志'", "''", "'null'", "'a/b?c'"] as const;
const LITERALS: Readonly<Record<string, readonly string[]>> = {
  digit: ['1', '2', '3', '7'],
  word: ["'ab'", "'b'", "'7'", "'it''s'", "'日志'", "'null'"],
  sign: ["','", "'b'", "' '", "'/'"],
  pattern: ["'a%'", "'%b%'", "'_b'", "''", "'%日_'"],
  regex: ["'[0-9]+'", "'a.'", "'^b'", "'(a|日)'", "'x{3}'"],
  unit: ["'hour'", "'day'", "'minute'"],
  instant: ['1700000000', '1700100000'],
};
const CONSTANTS: Readonly<Record<Kind, readonly (readonly [string, string])[]>> = {
  long: [
    ['1', '1::BIGINT'],
    ['0', '0::BIGINT'],
    ['-7', '(-7)::BIGINT'],
    ['200', '200::BIGINT'],
  ],
  double: [
    ['1.5', '1.5::DOUBLE'],
    ['0.25', '0.25::DOUBLE'],
    ['-2.0', '(-2.0)::DOUBLE'],
    ['1e3', '1000::DOUBLE'],
  ],
  text: WORDS.map((word) => [word, word]),
  bool: [
    ['true', 'true'],
    ['(1 = 2)', 'false'],
  ],
  time: [
    ['from_unixtime(1700000000)', "TIMESTAMP '2023-11-15 06:13:20'"],
    ["timestamp '2023-11-15 10:00:00'", "TIMESTAMP '2023-11-15 10:00:00'"],
  ],
};
const KINDS: readonly Kind[] = ['long', 'text', 'double', 'time', 'bool'];

export class RandomExpressions {
  readonly #draw: Draw;
  readonly #columns: readonly ScopeColumn[];

  constructor(draw: Draw, columns: readonly ScopeColumn[]) {
    this.#draw = draw;
    this.#columns = columns;
  }

  get hasUnique(): boolean {
    return this.#columns.some(({ isUnique }) => isUnique);
  }

  /** Of one row. `depth`: levels of forms at most. */
  scalar(kind: Kind, depth: number): Expression {
    if (depth === 0 || this.#draw.chance(30)) return this.#leaf(kind);
    return this.#form(FORMS[kind], { kind, depth: depth - 1 });
  }

  /** Not a constant, so that rows can be grouped by it. */
  key(): Expression {
    const kind = this.#draw.pick(KINDS);
    const expression = this.#draw.chance(50) ? this.scalar(kind, 2) : this.column();
    return expression.isConstant ? this.column() : expression;
  }

  any(depth: number): Expression {
    return this.#draw.chance(60) ? this.scalar(this.#draw.pick(KINDS), depth) : this.column();
  }

  column(): ScopeColumn {
    return this.#draw.pick(this.#columns);
  }

  aggregate(kind: Kind): Expression {
    return this.#form(AGGREGATES[kind], { kind, depth: this.#draw.upTo(2) });
  }

  /** Undefined: no window gives this kind. */
  window(kind: Kind): Expression | undefined {
    const forms = WINDOWS[kind];
    return forms && this.#form(forms, { kind, depth: 1 });
  }

  #form(
    forms: readonly Form[],
    { kind, depth }: { readonly kind: Kind; readonly depth: number },
  ): Expression {
    const usable = this.hasUnique
      ? forms
      : forms.filter((form) => !form.includes('{unique}') && !form[0]?.includes('{unique}'));
    const form = this.#draw.pick(usable);
    const [sls, duck] = typeof form === 'string' ? [form, form] : form;
    const filled = new Map<string, Expression>();
    const isConstants: boolean[] = [];
    const spell = (template: string, spelling: 'sls' | 'duck'): string =>
      template.replaceAll(/\{([a-z]+)\d?\}/gu, (slot, name: string) => {
        const argument = filled.get(slot) ?? this.#argument(name, depth);
        filled.set(slot, argument);
        isConstants.push(argument.isConstant);
        return argument[spelling];
      });
    const both = { sls: spell(sls, 'sls'), duck: spell(duck, 'duck') };
    return { kind, ...both, isConstant: isConstants.every(Boolean) };
  }

  #argument(name: string, depth: number): Expression {
    const literals = LITERALS[name];
    if (literals !== undefined) {
      const text = this.#draw.pick(literals);
      return { kind: 'text', sls: text, duck: text, isConstant: true };
    }
    if (name === 'any') return this.any(depth);
    if (name === 'seconds') return this.#columnWhere(({ isTime }) => isTime) ?? SECONDS;
    if (name === 'unique') return this.#columnWhere(({ isUnique }) => isUnique) ?? SECONDS;
    if (name === 'exact') return this.#columnWhere(({ isExact }) => isExact) ?? QUARTER;
    if (name === 'json') return this.#columnWhere(({ isJson }) => isJson) ?? OBJECT;
    return this.scalar(name as Kind, depth);
  }

  #leaf(kind: Kind): Expression {
    const column = this.#columnWhere((one) => one.kind === kind && !one.isBig);
    if (column !== undefined && !this.#draw.chance(25)) return column;
    const [sls, duck] = this.#draw.pick(CONSTANTS[kind]);
    return { kind, sls, duck, isConstant: true };
  }

  #columnWhere(isWanted: (column: ScopeColumn) => boolean): ScopeColumn | undefined {
    const wanted = this.#columns.filter(isWanted);
    return wanted.length === 0 ? undefined : this.#draw.pick(wanted);
  }
}

const SECONDS: Expression = {
  kind: 'long',
  sls: '1700000000',
  duck: '1700000000::BIGINT',
  isConstant: true,
};
const QUARTER: Expression = { kind: 'double', sls: '0.25', duck: '0.25::DOUBLE', isConstant: true };
const OBJECT: Expression = {
  kind: 'text',
  sls: `'{"a":"x"}'`,
  duck: `'{"a":"x"}'`,
  isConstant: true,
};
