/** The relations that one statement reads, gathered while it is translated. */
import { BIGINT, DOUBLE, VARCHAR, type Kind } from './kinds.ts';
import type { RelationSpec } from './relation.ts';
import type { ScopeColumn, TimeBound } from './scope.ts';
import type { SqlColumnType } from './columns.ts';
import type { SqlLogstore, SqlRequest } from './request.ts';

const KINDS: Readonly<Record<SqlColumnType, Kind>> = { VARCHAR, BIGINT, DOUBLE };

export interface ReadRelation {
  readonly viewName: string;
  readonly logstoreName: string | undefined;
  readonly shiftSeconds: number;
  readonly usedNames: Set<string>;
  /** The statement's conditions on its time. */
  readonly bounds: TimeBound[];
}

export class RelationTable {
  readonly #request: SqlRequest;
  readonly #relations = new Map<string, ReadRelation>();

  constructor(request: SqlRequest) {
    this.#request = request;
  }

  /** Exactly as written first, then in any letter case; `log` is the logstore of the request. */
  find(name: string): SqlLogstore | undefined {
    const { logstore, otherLogstores } = this.#request;
    const lower = name.toLowerCase();
    if (logstore !== undefined && lower === 'log') return logstore;
    const all = logstore === undefined ? otherLogstores : [logstore, ...otherLogstores];
    return (
      all.find((one) => one.name === name) ?? all.find((one) => one.name.toLowerCase() === lower)
    );
  }

  /** The relation of a logstore that `find` gave, at this place of the statement. */
  read(logstore: SqlLogstore, shiftSeconds: number): ReadRelation {
    const isOwn = logstore === this.#request.logstore;
    const base = isOwn ? 'log' : `store_${this.#number(logstore)}`;
    const shifted = shiftSeconds === 0 ? base : `${base}_shift_${shiftSeconds}`;
    // Over a project each place has a range of its own.
    const isShared = this.#request.logstore !== undefined;
    const viewName = isShared ? shifted : `store_${this.#relations.size + 1}`;
    const relation = this.#relations.get(viewName) ?? {
      viewName,
      logstoreName: isOwn ? undefined : logstore.name,
      shiftSeconds,
      usedNames: new Set<string>(),
      bounds: [],
    };
    this.#relations.set(viewName, relation);
    return relation;
  }

  get relations(): readonly ReadRelation[] {
    return [...this.#relations.values()];
  }

  #number(logstore: SqlLogstore): number {
    return this.#request.otherLogstores.indexOf(logstore) + 1;
  }
}

/** All columns of a logstore, `__time__` first. */
export function logstoreColumns(logstore: SqlLogstore): readonly ScopeColumn[] {
  const columns = logstore.columns.map(({ name, type, isAlias }) => ({
    name,
    kind: KINDS[type],
    isAlias,
  }));
  return [{ name: '__time__', kind: BIGINT }, ...columns];
}

export function relationSpec(
  relation: ReadRelation,
  timeRange: RelationSpec['timeRange'],
): RelationSpec {
  const { viewName, logstoreName, shiftSeconds, usedNames } = relation;
  return { viewName, logstoreName, shiftSeconds, timeRange, usedNames: [...usedNames] };
}
