/**
 * What was asked for, taken apart: path segments and query pairs, decoded, beside the raw text that signatures
 * cover. Nothing here throws: text that is wrongly percent-encoded simply matches no name.
 */
import {
  parseQuery,
  parseRequestTarget as parseTarget,
  percentDecode,
} from '#protocol/request-target.ts';
import { QUERY_PARAMETERS_MAX } from './limits.ts';

export interface RequestTarget {
  /** As on the request line. */
  readonly raw: string;
  /** Host and port of an absolute-form target, else undefined. */
  readonly authority: string | undefined;
  /** Still percent-encoded; starts with `/`. */
  readonly rawPath: string;
  /** The path's segments, percent-decoded; [] for `/`. */
  readonly segments: readonly string[];
  /** Decoded pairs in order of arrival; the first `QUERY_PARAMETERS_MAX` of them. */
  readonly query: readonly (readonly [key: string, value: string])[];
}

export function parseRequestTarget(raw: string): RequestTarget {
  const { authority, path, query } = parseTarget(raw);
  return {
    raw,
    authority,
    rawPath: path,
    segments: splitPath(path),
    query: parseQuery(query)
      .slice(0, QUERY_PARAMETERS_MAX)
      .map(({ key, value }) => [key, value]),
  };
}

/** The first value of a parameter; undefined when it is not there. */
export function queryValue(target: RequestTarget, key: string): string | undefined {
  return target.query.find(([name]) => name === key)?.[1];
}

/** A slash at the end is not a segment of its own; other empty segments are. */
function splitPath(rawPath: string): readonly string[] {
  const inner = rawPath.slice(1, rawPath.length > 1 && rawPath.endsWith('/') ? -1 : undefined);
  return inner === '' ? [] : inner.split('/').map(percentDecode);
}
