/** Lines taken apart by the parse commands of pipelines (sls-query §5). Fields are the text of a JSON object with texts. */
import { TEXT, listOf, udf, type UdfFamily } from './scalar-udf.ts';

export const LINE_FIELDS: UdfFamily = {
  functions: [
    udf('sls_csv_parts', [TEXT, TEXT], listOf(TEXT), csvParts),
    udf('sls_kv_fields', [TEXT, TEXT, TEXT, TEXT], TEXT, (text, between, inside, prefix) =>
      fieldsText(
        pairsOf(text.split(between), (part) => cutOnce(part, inside)),
        prefix,
      ),
    ),
    // Each character of a separator is one.
    udf('sls_kv_any_fields', [TEXT, TEXT, TEXT, TEXT], TEXT, (text, between, inside, prefix) =>
      fieldsText(
        pairsOf(cutAtAny(text, between), (part) => cutOnceAtAny(part, inside)),
        prefix,
      ),
    ),
    udf('sls_pair_fields', [listOf(TEXT), listOf(TEXT), TEXT], TEXT, (keys, values, prefix) =>
      fieldsText(
        keys.map((key, i) => [key ?? '', values[i] ?? '']),
        prefix,
      ),
    ),
    udf('sls_json_fields', [TEXT, TEXT], TEXT, jsonFields),
  ],
  macros: '',
};

/** A later field takes the place of an earlier one with its name; one without a name is none. */
function fieldsText(pairs: readonly (readonly [string, string])[], prefix: string): string {
  const fields = new Map(pairs.filter(([key]) => key !== ''));
  const members = [...fields].map(([key, value]) => `${jsonText(prefix + key)}:${jsonText(value)}`);
  return `{${members.join()}}`;
}

/** DuckDB's texts have no halves of characters. */
function jsonText(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

/** Parts without the inner separator are no pairs. */
function pairsOf(
  parts: readonly string[],
  cut: (part: string) => readonly string[],
): (readonly [string, string])[] {
  return parts.flatMap((part) => {
    const [key = '', value] = cut(part);
    return value === undefined ? [] : [[key.trim(), value.trim()] as const];
  });
}

function cutAtAny(text: string, characters: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (!characters.includes(text[at] ?? '')) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  return [...parts, text.slice(start)];
}

function cutOnceAtAny(text: string, characters: string): string[] {
  for (let at = 0; at < text.length; at++)
    if (characters.includes(text[at] ?? '')) return [text.slice(0, at), text.slice(at + 1)];
  return [text];
}

function cutOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/**
 * RFC 4180: a part may stand in double quotes, where a doubled one is one. What follows a closing quote belongs to the part.
 * Without a delimiter there is one part.
 */
function csvParts(text: string, delimiter: string): readonly string[] {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    let part = '';
    if (text[at] === '"') {
      at++;
      for (let end = text.indexOf('"', at); ; end = text.indexOf('"', at)) {
        part += text.slice(at, end < 0 ? text.length : end);
        at = end < 0 ? text.length : end + 1;
        if (end < 0 || text[at] !== '"') break;
        part += '"';
        at++;
      }
    }
    const next = delimiter === '' ? -1 : text.indexOf(delimiter, at);
    parts.push(part + text.slice(at, next < 0 ? text.length : next));
    if (next < 0) return parts;
    at = next + delimiter.length;
  }
}

/** Members of an object, texts as they are, others as JSON with their numbers as written; null for anything else. */
function jsonFields(text: string, prefix: string): string | null {
  let value: unknown;
  try {
    value = sourceJson.parse(text, (_key, member, { source }) =>
      typeof member === 'number' ? sourceJson.rawJSON(source ?? '0') : member,
    );
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'rawJSON' in value)
    return null;
  const pairs = Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    member === null
      ? []
      : [[key, typeof member === 'string' ? member : JSON.stringify(member)] as const],
  );
  return fieldsText(pairs, prefix);
}

/** Members of `JSON` that the language has (ES2026) and its type library has not yet. */
interface SourceJson {
  rawJSON(text: string): object;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}
const sourceJson: SourceJson = JSON as unknown as SourceJson;
