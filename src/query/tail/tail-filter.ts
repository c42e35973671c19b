/** Which logs one subscriber of a live tail wants. */
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import type { LogLayout } from '../match/log-fields.ts';
import { compileMatcher, type LogMatcher } from '../match/match-log.ts';
import { compileSearch } from '../search/compile-search.ts';
import type { TailLog } from './tail-log.ts';

export class TailFilter {
  readonly #search: SearchNode;
  readonly #topic: string;
  /** Undefined: every log. */
  #matches: LogMatcher | undefined;

  /** `topic` empty: any. Errors: ParameterInvalid, when the index does not have what the search asks for. */
  constructor(search: SearchNode, topic: string, index: IndexConfig) {
    this.#search = search;
    this.#topic = topic;
    this.useIndex(index);
  }

  /** Takes a changed index over. Errors: as the constructor. */
  useIndex(index: IndexConfig): void {
    const plan = compileSearch(this.#search, index);
    this.#matches = plan.kind === 'all' ? undefined : compileMatcher(plan, index);
  }

  /** `layout`: of the same index. */
  wants(log: TailLog, layout: LogLayout): boolean {
    if (this.#topic !== '' && log.topic !== this.#topic) return false;
    return this.#matches === undefined || this.#matches(log.laidOut(layout));
  }
}
