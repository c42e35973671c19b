/** A request as both signature versions see it. */

export interface SignableRequest {
  /** Upper case. */
  readonly method: string;
  /** As on the request line: percent-encoded, no query, starts with `/`. */
  readonly path: string;
  /** As on the request line, without `?`. */
  readonly query: string;
  /** Names in lower case; a header that came twice has its values joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** As sent: after compression. */
  readonly body: Uint8Array;
}

/** The headers that the test picks, sorted by name, values trimmed. */
export function pickHeaders(
  headers: Readonly<Record<string, string>>,
  test: (name: string) => boolean,
): readonly (readonly [name: string, value: string])[] {
  return Object.keys(headers)
    .filter(test)
    .sort()
    .map((name) => [name, (headers[name] ?? '').trim()] as const);
}

/** Orders by UTF-16 units, as the SDKs' languages do for the ASCII keys they send. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
