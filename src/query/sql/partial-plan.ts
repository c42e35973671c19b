/**
 * Statements whose aggregates can be put together from parts of the logs. A SELECT over one relation
 *
 *     select host, avg(x) as a from log where y > 1 group by host having count(*) > 9
 *
 * becomes a SELECT over parts, which gives the same,
 *
 *     select k0 as host, sum(p0) / sum(p1) as a from sls_part_0 group by k0 having sum(p2) > 9
 *
 * and each part is asked
 *
 *     select host as k0, sum(x) as p0, count(x) as p1, count(*) as p2 from sls_rows_0 where y > 1 group by 1
 *
 * An argument of `count(distinct …)` becomes one more key. Chosen by the tree; what is not understood is left as it is.
 */
import type { FunctionFacts } from './function-facts.ts';
import { splitAggregate } from './partial-aggregates.ts';
import {
  columnNode,
  constantText,
  integerNode,
  isNode,
  nodesOf,
  plainColumn,
  textOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

/** Where a SELECT over parts finds them; `i` numbers those of a statement. */
export function partName(i: number): string {
  return `sls_part_${i}`;
}

/** What the SELECT of a part reads: rows of a relation, or times with the number of logs that have them. */
export function rowsName(i: number): string {
  return `sls_rows_${i}`;
}

/** A SELECT that was replaced by one over parts. */
export interface PartialSelect {
  /** The view whose rows it was about. */
  readonly viewName: string;
  /** Asks a part, over its rows. */
  readonly ofRows: SqlNode;
  /** Asks all parts at once, over times and counts; undefined: other columns matter. */
  readonly ofTimes: SqlNode | undefined;
  /** Whether not even the times matter, only how many logs there are. */
  readonly isCountOnly: boolean;
}

export interface PartialContext {
  /** Lower-case names of the columns of each view, `__time__` among them. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly functions: FunctionFacts;
}

/** Replaces what can be, in place. Empty: nothing was changed. `root`: a statement as it runs, in DuckDB's own dialect. */
export function splitSelects(root: SqlNode, context: PartialContext): readonly PartialSelect[] {
  const parts: PartialSelect[] = [];
  const visit = (value: SqlValue): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    if (value['type'] === 'SELECT_NODE') {
      const part = new SelectSplit(value, parts.length, context).split();
      if (part !== undefined) parts.push(part);
    }
    Object.values(value).forEach(visit);
  };
  visit(root);
  return parts;
}

/** Names of the columns of parts; no output may have one, for HAVING would mean the column. */
const RESERVED = 'sls_';
const KEY = `${RESERVED}k`;
const PARTIAL = `${RESERVED}p`;

/** Thrown and caught in this file: the SELECT stays as it is. */
class NotSplit extends Error {}

/** Where an expression stands: which names it may have beside those of keys. */
type Place = 'output' | 'having' | 'order';

class SelectSplit {
  readonly #select: SqlNode;
  readonly #number: number;
  readonly #functions: FunctionFacts;
  readonly #from: SqlNode;
  readonly #columns: ReadonlySet<string> | undefined;
  readonly #outputs: readonly SqlNode[];
  /** Expressions that parts are grouped by, by what they are without names. */
  readonly #keys = new Map<string, string>();
  /** Those of them that the SELECT is grouped by; the others are arguments of distinct counts. */
  readonly #groupKeys = new Set<string>();
  /** What became of aggregates, by what they are. */
  readonly #combined = new Map<string, SqlNode>();
  /** Outputs of the SELECT of a part. */
  readonly #partOutputs: SqlNode[] = [];
  /** The same over times; undefined when one cannot be. */
  #timeOutputs: SqlNode[] | undefined = [];
  #keyCount = 0;
  #hasOtherColumns = false;
  #hasTime = false;

  constructor(select: SqlNode, number: number, { columns, functions }: PartialContext) {
    const from = select['from_table'];
    this.#select = select;
    this.#number = number;
    this.#functions = functions;
    this.#from = isNode(from) ? from : {};
    this.#columns = columns.get(textOf(this.#from, 'table_name'));
    this.#outputs = nodesOf(select, 'select_list');
  }

  split(): PartialSelect | undefined {
    if (this.#columns === undefined || !this.#isPlain()) return undefined;
    try {
      return this.#splitPlain();
    } catch (error) {
      if (error instanceof NotSplit) return undefined;
      throw error;
    }
  }

  /** One relation, one set of groups, nothing unusual. */
  #isPlain(): boolean {
    const select = this.#select;
    const sets = select['group_sets'];
    const groups = nodesOf(select, 'group_expressions');
    const hasOneSet =
      Array.isArray(sets) &&
      (sets.length === 0 || (sets.length === 1 && lengthOf(sets[0]) === groups.length));
    return (
      this.#from['type'] === 'BASE_TABLE' &&
      lengthOf(this.#from['column_name_alias']) === 0 &&
      isNothing(this.#from['sample']) &&
      isNothing(this.#from['at_clause']) &&
      isNothing(select['sample']) &&
      isNothing(select['qualify']) &&
      select['aggregate_handling'] === 'STANDARD_HANDLING' &&
      hasOneSet
    );
  }

  #splitPlain(): PartialSelect {
    const select = this.#select;
    const where = select['where_clause'] ?? null;
    if (isNode(where)) this.#checkRow(where);
    const groups = nodesOf(select, 'group_expressions').map((group) => this.#addGroup(group));
    const outputs = this.#outputs.map((output) => this.#output(output));
    const having = isNode(select['having']) ? this.#over(select['having'], 'having') : null;
    const modifiers = nodesOf(select, 'modifiers').map((modifier) => this.#modifier(modifier));
    if (this.#partOutputs.length === 0) throw new NotSplit();
    const part = this.#part(where);
    // Only now: a SELECT that is not split must stay as it is.
    Object.assign(select, {
      from_table: this.#table(partName(this.#number)),
      where_clause: null,
      group_expressions: groups,
      select_list: outputs,
      having,
      modifiers,
    });
    return part;
  }

  #part(where: SqlValue): PartialSelect {
    const over = (outputs: SqlNode[]): SqlNode => ({
      ...this.#select,
      modifiers: [],
      cte_map: { map: [] },
      select_list: outputs,
      from_table: this.#table(rowsName(this.#number)),
      where_clause: where,
      group_expressions: Array.from({ length: this.#keyCount }, (_, i) => integerNode(i + 1)),
      group_sets: this.#keyCount === 0 ? [] : [Array.from({ length: this.#keyCount }, (_, i) => i)],
      having: null,
    });
    const isOfTimes = this.#timeOutputs !== undefined && !this.#hasOtherColumns;
    return {
      viewName: textOf(this.#from, 'table_name'),
      ofRows: over(byKeys(this.#partOutputs)),
      ofTimes: isOfTimes ? over(byKeys(this.#timeOutputs as SqlNode[])) : undefined,
      isCountOnly: isOfTimes && !this.#hasTime,
    };
  }

  #table(name: string): SqlNode {
    const alias = textOf(this.#from, 'alias') || textOf(this.#from, 'table_name');
    return { ...this.#from, table_name: name, alias };
  }

  /** GROUP BY takes a position, a column, an output's name where no column has it, or any expression. */
  #addGroup(group: SqlNode): SqlNode {
    const position = constantText(group);
    const name = plainColumn(group)?.toLowerCase();
    let expression: SqlNode | undefined = group;
    if (position !== undefined) expression = this.#outputs[Number(position) - 1];
    else if (name !== undefined && this.#columns?.has(name) !== true)
      expression = this.#outputs.find((output) => textOf(output, 'alias').toLowerCase() === name);
    if (expression === undefined || expression['class'] === 'CONSTANT') throw new NotSplit();
    const key = this.#addKey(expression);
    this.#groupKeys.add(key);
    return columnNode(key);
  }

  /** The column of the parts that has the value of an expression over rows. */
  #addKey(expression: SqlNode): string {
    const known = this.#keys.get(shapeOf(expression));
    if (known !== undefined) return known;
    this.#checkRow(expression);
    const name = `${KEY}${this.#keyCount++}`;
    this.#keys.set(shapeOf(expression), name);
    const output = { ...expression, alias: name };
    this.#partOutputs.push(output);
    this.#timeOutputs?.push(output);
    return name;
  }

  #output(output: SqlNode): SqlNode {
    const alias = textOf(output, 'alias') || (namesOf(output).at(-1) ?? '');
    // The engine would name it after its text, which changes.
    if (alias === '' || alias.startsWith(RESERVED)) throw new NotSplit();
    return { ...this.#over(output, 'output'), alias };
  }

  #modifier(modifier: SqlNode): SqlNode {
    if (modifier['type'] === 'LIMIT_MODIFIER') return modifier;
    if (modifier['type'] !== 'ORDER_MODIFIER') {
      const targets = modifier['distinct_on_targets'];
      if (modifier['type'] !== 'DISTINCT_MODIFIER' || lengthOf(targets) > 0) throw new NotSplit();
      return modifier;
    }
    const orders = nodesOf(modifier, 'orders').map((order) => {
      const { expression } = order;
      return isNode(expression) ? { ...order, expression: this.#over(expression, 'order') } : order;
    });
    return { ...modifier, orders };
  }

  /** An expression over groups as one over parts. */
  #over(node: SqlNode, place: Place): SqlNode {
    if (place !== 'output' && this.#isOutputName(node)) return node;
    const key = this.#keys.get(shapeOf(node));
    if (key !== undefined && this.#groupKeys.has(key))
      return { ...columnNode(key), alias: textOf(node, 'alias') };
    switch (node['class']) {
      case 'COLUMN_REF':
      case 'SUBQUERY':
      case 'STAR':
      case 'LAMBDA':
        throw new NotSplit();
      case 'FUNCTION': {
        const name = textOf(node, 'function_name').toLowerCase();
        if (this.#functions.aggregates.has(name)) return this.#aggregate(node);
        if (!this.#functions.stable.has(name)) throw new NotSplit();
        break;
      }
      default:
    }
    return this.#overMembers(node, place);
  }

  #overMembers(node: SqlNode, place: Place): SqlNode {
    const copy = (value: SqlValue): SqlValue => {
      if (Array.isArray(value)) return value.map(copy);
      if (!isNode(value)) return value;
      return value['class'] === undefined
        ? this.#overMembers(value, place)
        : this.#over(value, place);
    };
    return Object.fromEntries(Object.entries(node).map(([member, value]) => [member, copy(value)]));
  }

  /** Whether a name in HAVING or ORDER BY is that of an output. */
  #isOutputName(node: SqlNode): boolean {
    const name = plainColumn(node)?.toLowerCase();
    if (name === undefined) return false;
    const output = this.#outputs.find((one) => textOf(one, 'alias').toLowerCase() === name);
    if (output === undefined) return false;
    // The engine has its own order of precedence where a column has the name too.
    if (this.#columns?.has(name) === true && shapeOf(output) !== shapeOf(node))
      throw new NotSplit();
    return true;
  }

  #aggregate(node: SqlNode): SqlNode {
    const shape = shapeOf(node);
    const combined = this.#combined.get(shape) ?? this.#combine(node);
    this.#combined.set(shape, combined);
    return { ...combined, alias: textOf(node, 'alias') };
  }

  #combine(node: SqlNode): SqlNode {
    const children = nodesOf(node, 'children');
    const orders = node['order_bys'];
    const hasOrder = isNode(orders) && lengthOf(orders['orders']) > 0;
    if (hasOrder || node['export_state'] === true || textOf(node, 'schema') !== '')
      throw new NotSplit();
    for (const child of children) this.#checkRow(child);
    if (isNode(node['filter'])) this.#checkRow(node['filter']);
    if (node['distinct'] === true) return this.#distinctCount(node, children);
    const split = splitAggregate(node, children);
    if (split === undefined) throw new NotSplit();
    const first = this.#partOutputs.length;
    const columns = split.partials.map((_, i) => `${PARTIAL}${first + i}`);
    const named = (nodes: readonly SqlNode[]): SqlNode[] =>
      nodes.map((one, i) => ({ ...one, alias: columns[i] ?? '' }));
    this.#partOutputs.push(...named(split.partials));
    if (split.ofTimes === undefined) this.#timeOutputs = undefined;
    this.#timeOutputs?.push(...named(split.ofTimes ?? []));
    return split.combine(columns.map(columnNode));
  }

  /** Parts have each value once for each group. */
  #distinctCount(node: SqlNode, children: readonly SqlNode[]): SqlNode {
    const [argument] = children;
    const isCount = textOf(node, 'function_name').toLowerCase() === 'count';
    if (!isCount || children.length !== 1 || argument === undefined || isNode(node['filter']))
      throw new NotSplit();
    return { ...node, children: [columnNode(this.#addKey(argument))] };
  }

  /** An expression over rows: deterministic, and about columns of the relation alone. */
  #checkRow(node: SqlNode): void {
    switch (node['class']) {
      case 'SUBQUERY':
      case 'STAR':
      case 'LAMBDA':
      case 'WINDOW':
        throw new NotSplit();
      case 'COLUMN_REF':
        this.#checkColumn(node);
        return;
      case 'FUNCTION': {
        const name = textOf(node, 'function_name').toLowerCase();
        if (this.#functions.aggregates.has(name) || !this.#functions.stable.has(name))
          throw new NotSplit();
        break;
      }
      default:
    }
    const visit = (value: SqlValue): void => {
      if (Array.isArray(value)) value.forEach(visit);
      else if (isNode(value)) this.#checkRow(value);
    };
    Object.values(node).forEach(visit);
  }

  #checkColumn(node: SqlNode): void {
    const parts = namesOf(node).map((name) => name.toLowerCase());
    const column = parts.at(-1) ?? '';
    const alias = textOf(this.#from, 'alias') || textOf(this.#from, 'table_name');
    const isOurs = parts.length === 1 || (parts.length === 2 && parts[0] === alias.toLowerCase());
    if (!isOurs || this.#columns?.has(column) !== true) throw new NotSplit();
    if (column === '__time__') this.#hasTime = true;
    else this.#hasOtherColumns = true;
  }
}

/** Keys first: GROUP BY counts on it. */
function byKeys(outputs: readonly SqlNode[]): SqlNode[] {
  return [...outputs.filter(isKey), ...outputs.filter((output) => !isKey(output))];
}

function isKey(output: SqlNode): boolean {
  return textOf(output, 'alias').startsWith(KEY);
}

/** What an expression is, whatever it is called and however its columns are qualified. */
function shapeOf(node: SqlNode): string {
  return JSON.stringify({ ...node, alias: '' }, (member, value: unknown) => {
    if (member === 'query_location') return undefined;
    if (member === 'column_names' && Array.isArray(value))
      return String(value.at(-1)).toLowerCase();
    return value;
  });
}

/** The names of a column reference, the column's last; none of anything else. */
function namesOf(node: SqlNode): readonly string[] {
  const names = node['column_names'];
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

function lengthOf(value: SqlValue | undefined): number {
  return Array.isArray(value) ? value.length : 0;
}

function isNothing(value: SqlValue | undefined): boolean {
  return value === undefined || value === null;
}
