/**
 * For tests: random statements over the relation `log` in two spellings, one in the dialect of the service and one in
 * DuckDB's own SQL over a table `logs` whose columns are c0, c1, … Their rows are the same in any order that the engine may
 * take: what is limited is ordered by all of its outputs.
 */
import type { Kind } from './expression-forms.ts';
import {
  RandomExpressions,
  type Draw,
  type Expression,
  type ScopeColumn,
} from './random-expressions.ts';
import { isPlainName, Outputs, quote, type Output } from './random-outputs.ts';
import type { PlainColumn } from './sql-arbitraries.ts';

export interface Statement {
  readonly sls: string;
  readonly duck: string;
  /** Of the outputs, as answers spell them. */
  readonly names: readonly string[];
  readonly kinds: readonly Kind[];
  readonly isOrdered: boolean;
  /** Whether the service limits it by itself. */
  readonly isLimited: boolean;
}

/** What a FROM names. */
interface Source {
  readonly sls: string;
  readonly duck: string;
  readonly columns: readonly ScopeColumn[];
  /** Outputs of `select *`; undefined: of no use. */
  readonly all: readonly ScopeColumn[] | undefined;
}

interface Query {
  readonly sls: string;
  readonly duck: string;
  readonly outputs: readonly Output[];
  /** Something to order by that is no output; undefined: only outputs may be. */
  readonly order: (() => Expression) | undefined;
}

interface Place {
  /** Selects that may be inside of this one. */
  readonly depth: number;
  readonly isTop: boolean;
  /** Of the outputs; undefined: any. */
  readonly kinds?: readonly Kind[] | undefined;
}

const KINDS: readonly Kind[] = ['long', 'text', 'double', 'time', 'bool'];
const RESERVED = /^(?:order|group|limit|rows)$/iu;

/** The base relation in both spellings. */
export function baseColumns(columns: readonly PlainColumn[]): readonly (ScopeColumn & {
  readonly isAlias: boolean;
})[] {
  return columns.map((column, i) => ({
    kind: column.type,
    sls: isPlainName(column.name) && !RESERVED.test(column.name) ? column.name : quote(column.name),
    duck: `c${i}`,
    label: column.name,
    isConstant: false,
    isBig: column.isBig,
    isExact: column.isExact,
    isJson: column.isJson,
    isTime: column.name === '__time__',
    isUnique: column.name === 'id',
    isAlias: column.isAlias,
  }));
}

interface Log {
  readonly columns: readonly PlainColumn[];
  /** How the dialect may call it. */
  readonly relationNames: readonly string[];
  /** Whether it is so large that each row can be read once only, and most rows are grouped. */
  readonly isLarge?: boolean | undefined;
}

export function randomStatement(draw: Draw, log: Log): Statement {
  return new RandomStatement(draw, log).make();
}

class RandomStatement {
  readonly #draw: Draw;
  readonly #base: ReturnType<typeof baseColumns>;
  readonly #relationNames: readonly string[];
  readonly #ctes: { readonly name: string; readonly query: Query }[] = [];
  readonly #isLarge: boolean;
  #serial = 0;

  constructor(draw: Draw, log: Log) {
    this.#draw = draw;
    this.#isLarge = log.isLarge ?? false;
    const isLoud = draw.chance(15);
    this.#base = baseColumns(log.columns).map((column) =>
      isLoud && !column.sls.startsWith('"') ? { ...column, sls: column.sls.toUpperCase() } : column,
    );
    this.#relationNames = log.relationNames;
  }

  make(): Statement {
    const place = { depth: 2, isTop: true };
    const query = this.#draw.chance(12) ? this.#union(place) : this.#select(place);
    const order = this.#draw.chance(60) ? this.#orderBy(query) : undefined;
    const limit = this.#limit(order !== undefined);
    const ctes = this.#ctes.map(({ name, query: one }) => ({
      sls: `${name} as (${one.sls})`,
      duck: `${name} AS (${one.duck})`,
    }));
    const spell = (spelling: 'sls' | 'duck'): string => {
      const list = ctes.map((one) => one[spelling]).join(', ');
      const head = list === '' ? '' : `with ${list} `;
      return [head + query[spelling], order?.[spelling], limit[spelling]].filter(Boolean).join(' ');
    };
    return {
      sls: spell('sls'),
      duck: spell('duck'),
      names: query.outputs.map(({ label }) => label),
      kinds: query.outputs.map(({ kind }) => kind),
      isOrdered: order !== undefined,
      isLimited: limit.sls === '',
    };
  }

  #limit(isOrdered: boolean): { readonly sls: string; readonly duck: string } {
    if (!isOrdered)
      return this.#draw.chance(80) ? { sls: 'limit 1000000', duck: '' } : { sls: '', duck: '' };
    const count = this.#draw.pick([10, 3, 1, 0, 1000]);
    switch (this.#draw.upTo(2)) {
      case 0:
        return { sls: '', duck: 'LIMIT 100' };
      case 1:
        return { sls: `limit ${count}`, duck: `LIMIT ${count}` };
      default: {
        const skip = this.#draw.upTo(4);
        return { sls: `limit ${skip}, ${count}`, duck: `LIMIT ${count} OFFSET ${skip}` };
      }
    }
  }

  /** By something, then by all outputs. */
  #orderBy({ outputs, order }: Query): { readonly sls: string; readonly duck: string } {
    const items: { sls: string; duck: string }[] = [];
    const add = (sls: string, duck: string): void => {
      const isDescending = this.#draw.chance(40);
      items.push({
        sls: isDescending ? `${sls} desc` : sls,
        duck: `${duck} ${isDescending ? 'DESC' : 'ASC'} NULLS LAST`,
      });
    };
    if (order !== undefined && this.#draw.chance(40)) {
      const first = order();
      if (!first.isConstant) add(first.sls, first.duck);
    }
    const rotated = this.#draw.upTo(outputs.length - 1);
    for (const i of outputs.keys()) {
      const at = (i + rotated) % outputs.length;
      const { alias } = outputs[at]!;
      add(alias !== '' && this.#draw.chance(40) ? alias : String(at + 1), String(at + 1));
    }
    const spell = (spelling: 'sls' | 'duck'): string =>
      `order by ${items.map((item) => item[spelling]).join(', ')}`;
    return { sls: spell('sls'), duck: spell('duck') };
  }

  #union(place: Place): Query {
    const kinds = this.#someKinds();
    const operator = this.#draw.pick(['union all', 'union', 'except', 'intersect']);
    const [left, right] = [this.#plain({ ...place, kinds }), this.#plain({ ...place, kinds })];
    return {
      sls: `${left.sls} ${operator} ${right.sls}`,
      duck: `${left.duck} ${operator} ${right.duck}`,
      outputs: left.outputs.map(plainFlags),
      order: undefined,
    };
  }

  #someKinds(): readonly Kind[] {
    return Array.from({ length: 1 + this.#draw.upTo(2) }, () => this.#draw.pick(KINDS));
  }

  #select(place: Place): Query {
    return this.#draw.chance(this.#isLarge ? 90 : 55) ? this.#grouped(place) : this.#plain(place);
  }

  /** One row for each row. */
  #plain(place: Place): Query {
    const source = this.#source(place);
    const where = this.#where(source, place);
    if (place.kinds === undefined && source.all !== undefined && this.#draw.chance(15))
      return this.#everything(source, where);
    const expressions = new RandomExpressions(this.#draw, source.columns);
    const kinds = place.kinds ?? this.#someKinds();
    const outputs = new Outputs(place.isTop, () => ++this.#serial, this.#draw);
    let hasWindow = false;
    for (const kind of kinds) {
      const window = this.#draw.chance(15) ? expressions.window(kind) : undefined;
      hasWindow ||= window !== undefined;
      const any = place.kinds === undefined && this.#draw.chance(40);
      outputs.add(window ?? (any ? expressions.column() : expressions.scalar(kind, 3)));
    }
    const isDistinct = this.#draw.chance(12);
    const select = isDistinct ? 'select distinct' : 'select';
    return {
      sls: `${select} ${outputs.sls}${source.sls}${where.sls}`,
      duck: `${select} ${outputs.duck}${source.duck}${where.duck}`,
      outputs: isDistinct || hasWindow ? outputs.list.map(plainFlags) : outputs.list,
      order: isDistinct ? undefined : () => expressions.scalar(this.#draw.pick(KINDS), 2),
    };
  }

  #everything(source: Source, where: { readonly sls: string; readonly duck: string }): Query {
    const all = source.all ?? [];
    return {
      sls: `select *${source.sls}${where.sls}`,
      duck: `select ${all.map(({ duck }) => duck).join(', ')}${source.duck}${where.duck}`,
      outputs: all.map((column) => ({ ...column, ...bare(column), alias: '' })),
      order: undefined,
    };
  }

  /** One row for each group. */
  #grouped(place: Place): Query {
    const source = this.#source(place);
    const where = this.#where(source, place);
    const expressions = new RandomExpressions(this.#draw, source.columns);
    const outputs = new Outputs(place.isTop, () => ++this.#serial, this.#draw);
    const keys: { readonly sls: string; readonly duck: string }[] = [];
    // An output that has the name of a column hides it where outputs can be named.
    const isHiding = this.#draw.chance(15);
    for (let i = this.#draw.upTo(2); i > 0; i--) {
      const key = expressions.key();
      if (keys.some(({ duck }) => duck === key.duck)) continue;
      const hidden = isHiding ? this.#draw.pick(source.columns) : undefined;
      const { alias } = outputs.add(key, hidden);
      const ordinal = String(outputs.list.length);
      const spelled = isHiding ? [alias || ordinal, ordinal] : [key.sls, ordinal, alias || key.sls];
      keys.push({ sls: this.#draw.pick(spelled), duck: key.duck });
    }
    const aggregate = (): Expression => expressions.aggregate(this.#draw.pick(KINDS));
    for (let i = this.#draw.upTo(2) + (keys.length === 0 ? 1 : 0); i > 0; i--)
      outputs.add(aggregate());
    const group = this.#groupBy(keys);
    const condition =
      this.#draw.chance(20) && !isHiding ? expressions.aggregate('bool') : undefined;
    return {
      sls: `select ${outputs.sls}${source.sls}${where.sls}${group.sls}${having(condition?.sls)}`,
      duck: `select ${outputs.duck}${source.duck}${where.duck}${group.duck}${having(condition?.duck)}`,
      outputs: outputs.list.map(plainFlags),
      order: isHiding ? undefined : aggregate,
    };
  }

  #groupBy(keys: readonly { readonly sls: string; readonly duck: string }[]): {
    readonly sls: string;
    readonly duck: string;
  } {
    if (keys.length === 0) return { sls: '', duck: '' };
    const form = this.#draw.pick([
      '*',
      '*',
      '*',
      '*',
      '*',
      'rollup (*)',
      'cube (*)',
      'grouping sets ((*), ())',
    ]);
    const spell = (spelling: 'sls' | 'duck'): string =>
      ` group by ${form.replace('*', () => keys.map((key) => key[spelling]).join(', '))}`;
    return { sls: spell('sls'), duck: spell('duck') };
  }

  #where(source: Source, { depth }: Place): { readonly sls: string; readonly duck: string } {
    if (!this.#draw.chance(40)) return { sls: '', duck: '' };
    const expressions = new RandomExpressions(this.#draw, source.columns);
    const { sls, duck } = expressions.scalar('bool', 3);
    if (depth === 0 || !this.#draw.chance(25))
      return { sls: ` where ${sls}`, duck: ` where ${duck}` };
    const kind = this.#draw.pick(['long', 'text'] as const);
    const left = expressions.scalar(kind, 1);
    const inner = this.#plain({ depth: 0, isTop: false, kinds: [kind] });
    return {
      sls: ` where ${sls} or ${left.sls} in (${inner.sls})`,
      duck: ` where ${duck} or ${left.duck} in (${inner.duck})`,
    };
  }

  #source(place: Place): Source {
    const shape = place.depth === 0 ? 0 : this.#draw.upTo(this.#isLarge ? 9 : 11);
    if (shape <= 6) return this.#named(this.#table(), place.isTop);
    if (shape <= 8) return this.#named(this.#subquery(place), false);
    if (shape === 9) return this.#named(this.#cte(place), false);
    return this.#join(place);
  }

  #table(): Source {
    return {
      sls: this.#draw.pick(this.#relationNames),
      duck: 'logs',
      columns: this.#base,
      all: this.#base.filter(({ isAlias }) => !isAlias),
    };
  }

  #subquery({ depth }: Place): Source {
    const inner = { depth: depth - 1, isTop: false };
    const query = this.#select(inner);
    const cut = this.#draw.chance(20) ? this.#orderBy(query) : undefined;
    const limited = (spelling: 'sls' | 'duck'): string =>
      cut === undefined ? query[spelling] : `${query[spelling]} ${cut[spelling]} limit 5`;
    const columns = query.outputs.map(asColumn);
    return { sls: `(${limited('sls')})`, duck: `(${limited('duck')})`, columns, all: columns };
  }

  #cte(place: Place): Source {
    const { depth } = place;
    const query = this.#select({ depth: depth - 1, isTop: false });
    const name = `w${++this.#serial}`;
    this.#ctes.push({ name, query });
    const columns = query.outputs.map(asColumn);
    return { sls: name, duck: name, columns, all: columns };
  }

  /** With a name of its own or without; at the top FROM may be missing. */
  #named(source: Source, isOptional: boolean): Source {
    if (isOptional && this.#draw.chance(30))
      return { ...source, sls: '', duck: ` from ${source.duck}` };
    const isSubquery = source.sls.startsWith('(');
    if (!isSubquery && !this.#draw.chance(30))
      return { ...source, sls: ` from ${source.sls}`, duck: ` from ${source.duck}` };
    const name = `t${++this.#serial}`;
    const { all } = source;
    const isQualified = this.#draw.chance(50);
    return {
      sls: ` from ${source.sls} ${this.#draw.pick(['', 'as '])}${name}`,
      duck: ` from ${source.duck} AS ${name}`,
      columns: isQualified ? qualified(source.columns, name) : source.columns,
      all: all && qualified(all, name),
    };
  }

  #join(place: Place): Source {
    const [left, right] = [this.#joined(place), this.#joined(place)];
    const [first, second] = [
      new RandomExpressions(this.#draw, left.columns),
      new RandomExpressions(this.#draw, right.columns),
    ];
    const kind = this.#draw.pick(['long', 'text'] as const);
    const [a, b] = [first.scalar(kind, 1), second.scalar(kind, 1)];
    const form = this.#draw.pick(['join', 'left join', 'inner join', 'right join', 'full join']);
    const spell = (spelling: 'sls' | 'duck'): string =>
      ` from ${left[spelling]} ${form} ${right[spelling]} on ${a[spelling]} = ${b[spelling]}`;
    const columns = [...left.columns, ...right.columns].map((column) => ({
      ...column,
      isUnique: false,
    }));
    return { sls: spell('sls'), duck: spell('duck'), columns, all: undefined };
  }

  #joined(place: Place): Source {
    const source = this.#draw.chance(30) ? this.#subquery({ ...place, depth: 1 }) : this.#table();
    const name = `t${++this.#serial}`;
    return {
      sls: `${source.sls} ${name}`,
      duck: `${source.duck} AS ${name}`,
      columns: qualified(source.columns, name),
      all: undefined,
    };
  }
}

/** Without the name of the relation. */
function bare({ sls, duck }: ScopeColumn): { readonly sls: string; readonly duck: string } {
  return { sls: sls.replace(/^t\d+\./u, ''), duck: duck.replace(/^t\d+\./u, '') };
}

function having(condition: string | undefined): string {
  return condition === undefined ? '' : ` having ${condition}`;
}

function qualified(columns: readonly ScopeColumn[], name: string): readonly ScopeColumn[] {
  return columns.map((column) => ({
    ...column,
    sls: `${name}.${column.sls}`,
    duck: `${name}.${column.duck}`,
  }));
}

/** What is known of a column is not known of what is made of it. */
function plainFlags(output: Output): Output {
  const { kind } = output;
  return { ...output, isExact: false, isUnique: false, isTime: false, isJson: false, kind };
}

/** As the select around sees it. */
function asColumn({ alias: _alias, ...column }: Output): ScopeColumn {
  return { ...column, isConstant: false };
}
