/** The parts of an HTTP request target as signatures and routing see them: raw, nothing decoded. */

export interface RequestTarget {
  /** Authority of an absolute-form target (`GET http://host/path`), as written; else undefined. */
  readonly authority: string | undefined;
  /** As on the request line, still percent-encoded; starts with `/`. */
  readonly path: string;
  /** What follows the first `?`; empty for none or for a trailing `?`. */
  readonly query: string;
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

export function parseRequestTarget(target: string): RequestTarget {
  const absolute = ABSOLUTE_FORM.exec(target);
  const rest = absolute === null ? target : target.slice(absolute[0].length);
  const mark = rest.indexOf('?');
  const path = mark < 0 ? rest : rest.slice(0, mark);
  return {
    authority: absolute?.[1],
    path: path.startsWith('/') ? path : `/${path}`,
    query: mark < 0 ? '' : rest.slice(mark + 1),
  };
}

/**
 * Percent-decodes as UTF-8. Never fails: what is not a `%` with two hex digits stays, bytes that are
 * not UTF-8 become U+FFFD.
 */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
    TEXT.decode(Uint8Array.from(run.split('%').slice(1), (hex) => Number.parseInt(hex, 16))),
  );
}

const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });

/** One `key=value` of a query in the order of the URL, decoded (`+` is a space). */
export interface QueryParameter {
  readonly key: string;
  readonly value: string;
  /** False for a bare `key`. */
  readonly hasEquals: boolean;
}

export function parseQuery(query: string): readonly QueryParameter[] {
  const parameters: QueryParameter[] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    parameters.push({
      key: decodeComponent(equals < 0 ? part : part.slice(0, equals)),
      value: equals < 0 ? '' : decodeComponent(part.slice(equals + 1)),
      hasEquals: equals >= 0,
    });
  }
  return parameters;
}

function decodeComponent(text: string): string {
  return percentDecode(text.replaceAll('+', ' '));
}

/** Percent-encodes as RFC 3986 has it: only letters, digits and `-_.~` stay. Lone surrogates become U+FFFD. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
