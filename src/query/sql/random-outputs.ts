/** For tests: the outputs of a random select, with names and without. */
import type { Draw, Expression, ScopeColumn } from './random-expressions.ts';

export interface Output extends ScopeColumn {
  /** As written behind `as`; empty: none. */
  readonly alias: string;
}

const PLAIN_NAME = /^[a-z_]\w*$/iu;

export function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name);
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The outputs of a select; each has a name of its own. */
export class Outputs {
  readonly list: Output[] = [];
  readonly #written: { readonly sls: string; readonly duck: string }[] = [];
  readonly #isTop: boolean;
  readonly #nextSerial: () => number;
  readonly #draw: Draw;

  constructor(isTop: boolean, nextSerial: () => number, draw: Draw) {
    this.#isTop = isTop;
    this.#nextSerial = nextSerial;
    this.#draw = draw;
  }

  get sls(): string {
    return this.#written.map(({ sls }) => sls).join(', ');
  }

  get duck(): string {
    return this.#written.map(({ duck }) => duck).join(', ');
  }

  /** `hidden`: a column whose name the output takes, if it can. */
  add(expression: Expression | ScopeColumn, hidden?: ScopeColumn): Output {
    const own = `x${this.#nextSerial()}`;
    const { alias, label } = this.#isTop
      ? this.#nameOf(expression, own, hidden)
      : { alias: own, label: own };
    const flags = 'label' in expression ? expression : NO_FLAGS;
    const output = {
      ...flags,
      ...expression,
      alias,
      label,
      sls: own,
      duck: own,
    };
    this.#written.push({
      sls: alias === '' ? expression.sls : `${expression.sls} as ${alias}`,
      duck: `${expression.duck} AS ${own}`,
    });
    this.list.push(output);
    return output;
  }

  #nameOf(
    expression: Expression | ScopeColumn,
    own: string,
    hidden: ScopeColumn | undefined,
  ): { readonly alias: string; readonly label: string } {
    const isFree = (name: string): boolean => this.list.every(({ label }) => label !== name);
    if (hidden !== undefined && isFree(hidden.label))
      return { alias: quote(hidden.label), label: hidden.label };
    const label = 'label' in expression ? expression.label : `_col${this.list.length}`;
    if (isFree(label) && this.#draw.chance(50)) return { alias: '', label };
    const name = this.#draw.pick([own, `${own} 总`, `Upper_${own}`]);
    return { alias: PLAIN_NAME.test(name) ? name : quote(name), label: name };
  }
}

const NO_FLAGS = {
  label: '',
  isBig: false,
  isExact: false,
  isJson: false,
  isTime: false,
  isUnique: false,
} as const;
