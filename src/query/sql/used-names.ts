/**
 * Which columns of `log` a statement can read. Each column of the view costs DuckDB time for every segment, whether it is
 * read or not: 40 ms for ten columns of eight segments.
 */
import { isNode, plainColumn, textOf, type SqlNode, type SqlValue } from './tree.ts';

/**
 * Lower-case names among which are all columns that the statement reads; undefined: it may read any. All texts of the tree
 * count as names, so that nothing depends on where a tree has them. `relations` are lower-case names of `log`.
 */
export function usedNames(
  root: SqlNode,
  relations: ReadonlySet<string>,
): readonly string[] | undefined {
  const names = new Set<string>();
  const tables = new Set(relations);
  const plain = new Set<string>();
  const visit = (value: SqlValue): boolean => {
    if (typeof value === 'string') names.add(value.toLowerCase());
    if (Array.isArray(value)) return value.every(visit);
    if (!isNode(value)) return true;
    if (value['class'] === 'STAR' || value['ref_type'] === 'NATURAL') return false;
    if (value['type'] === 'BASE_TABLE') tables.add(textOf(value, 'alias').toLowerCase());
    const parts = value['column_names'];
    if (Array.isArray(parts))
      names.add(
        parts
          .filter((part) => typeof part === 'string')
          .join('.')
          .toLowerCase(),
      );
    const column = plainColumn(value)?.toLowerCase();
    if (column !== undefined) plain.add(column);
    return Object.values(value).every(visit);
  };
  // A table's name as a value is all its columns together.
  return visit(root) && plain.isDisjointFrom(tables) ? [...names] : undefined;
}

/** How a printed statement looks that only counts the logs. */
const COUNT_ONLY = /^SELECT count_star\(\) AS ([a-z_][a-z0-9_]*) FROM log AS log LIMIT [1-9]\d*$/iu;

/** The name of the one column of a statement that is no more than `SELECT count(*) FROM log`. */
export function countName(sql: string): string | undefined {
  return COUNT_ONLY.exec(sql)?.[1];
}
