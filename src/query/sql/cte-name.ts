/**
 * Names of common table expressions as the engine gets them. Outside the scope of its expression a name must
 * not mean anything else, and to DuckDB a table name may be a system view or, with a suffix such as
 * `.parquet`, a file. So every name becomes a prefix and hex digits, which mean nothing.
 */
const PREFIX = 'sls_cte_';

/** The engine's name; letter case makes no difference. */
export function cteName(name: string): string {
  return PREFIX + Buffer.from(name.toLowerCase()).toString('hex');
}

/** The user's name, in lower case, or the name as it is when it is not one of ours. */
export function userName(name: string): string {
  if (!name.startsWith(PREFIX)) return name;
  return Buffer.from(name.slice(PREFIX.length), 'hex').toString();
}
