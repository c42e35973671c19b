import { errorMessage } from '#base/app-error.ts';
import { parseQuery } from '#querylang/parse-query.ts';

/** The parser's own words about the search part of a query, undefined when it reads. The server says the same. */
export function checkSyntax(query: string): string | undefined {
  try {
    parseQuery(query);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}
