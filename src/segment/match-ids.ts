/** Which ids of an id list (`id-list.ts`) match a pattern. */
import { Bitset } from '#kernel/bitset.ts';
import { FieldTexts } from './field-texts.ts';
import { ID_BYTES_MAX, ID_BYTES_MIN, ID_PREFIX_BYTES, IdKey, isPartOfId } from './id-key.ts';
import { firstKeyFrom, type IdBlock } from './id-list.ts';
import type { IdxBlocks } from './idx-blocks.ts';
import type { IdxDirectory, TextField } from './idx-directory.ts';
import { ID_CANDIDATE_ROWS_AT_ONCE, ID_CANDIDATE_ROWS_MAX } from './limits.ts';
import type { LogRow } from './log-row.ts';
import type { SegmentReader, TermPattern } from './segment.ts';

/** What a segment tells of itself. */
export interface IdSource {
  readonly directory: IdxDirectory;
  readonly blocks: IdxBlocks;
  readonly indexConfig: SegmentReader['indexConfig'];
  /** Logs with the fields that feed these texts at least. */
  readonly logs: (rows: readonly number[], texts: FieldTexts) => Promise<readonly LogRow[]>;
}

export interface IdRequest {
  readonly name: string;
  readonly field: TextField;
  readonly pattern: TermPattern;
  /** Terms that may match; with more the answer is truncated. */
  readonly termsMax: number;
}

interface Matching {
  readonly rows: Bitset;
  readonly truncated: boolean;
}

const encoder = new TextEncoder();

/**
 * Rows with any of the ids that match. A prefix of up to 8 characters is decided by the keys. For any other pattern the rows
 * of all ids with its prefix are read, ID_CANDIDATE_ROWS_MAX at most; `truncated` when there are more of them.
 */
export async function matchIds(source: IdSource, request: IdRequest): Promise<Matching> {
  const { field, pattern } = request;
  const rows = new Bitset(source.directory.rowCount);
  if (!mayHaveIds(field, pattern)) return { rows, truncated: false };
  return isDecidedByKey(pattern, field.hasUpperIds)
    ? matchKeys(source, request, rows)
    : matchTexts(source, request, rows);
}

/** Whether ids of the field may match, without a look at them. */
export function mayHaveIds(field: TextField, pattern: TermPattern): boolean {
  return field.ids.start < field.ids.end && mayMatchId(pattern, field.hasUpperIds);
}

/** Whether any id can match, from the characters of the pattern and the length of what it matches. */
function mayMatchId({ prefix, rest }: TermPattern, hasUpperIds: boolean): boolean {
  if (prefix.length > ID_BYTES_MAX || !isPartOfId(prefix, true)) return false;
  const literals = prefix + (rest ?? '').replaceAll(/[*?]/gu, '');
  if (!isPartOfId(literals, false) || (!hasUpperIds && /[A-F]/u.test(literals))) return false;
  if (rest === undefined) return true;
  const length = prefix.length + rest.replaceAll('*', '').length;
  return length <= ID_BYTES_MAX && (rest.includes('*') || length >= ID_BYTES_MIN);
}

/** The prefix of a key has no letter case. */
function isDecidedByKey({ prefix, rest }: TermPattern, hasUpperIds: boolean): boolean {
  const isPrefix = rest !== undefined && /^\*+$/u.test(rest);
  return isPrefix && prefix.length <= ID_PREFIX_BYTES && !(hasUpperIds && /[a-f]/iu.test(prefix));
}

async function matchKeys(source: IdSource, request: IdRequest, rows: Bitset): Promise<Matching> {
  let left = request.termsMax;
  for await (const { block, index } of keysWith(source, request)) {
    if (left-- === 0) return { rows, truncated: true };
    for (let i = block.rowStarts[index]!; i < block.rowStarts[index + 1]!; i++)
      rows.add(block.rows[i]!);
  }
  return { rows, truncated: false };
}

/** A key that was found in a row's text must be in the list with this row: excluded texts are not, for one. */
function keyOfRow(row: number, prefix: number, hash: number): string {
  return `${row} ${prefix} ${hash}`;
}

async function matchTexts(source: IdSource, request: IdRequest, rows: Bitset): Promise<Matching> {
  const candidates = new Set<number>();
  const keys = new Set<string>();
  let truncated = false;
  gather: for await (const { block, index } of keysWith(source, request))
    for (let i = block.rowStarts[index]!; i < block.rowStarts[index + 1]!; i++) {
      const row = block.rows[i]!;
      if (candidates.size === ID_CANDIDATE_ROWS_MAX && !candidates.has(row)) {
        truncated = true;
        break gather;
      }
      candidates.add(row);
      keys.add(keyOfRow(row, block.prefixes[index]!, block.hashes[index]!));
    }
  const texts = new FieldTexts(request.name, source.indexConfig);
  const found = new Set<string>();
  const ordered = [...candidates].sort((a, b) => a - b);
  for (let from = 0; from < ordered.length; from += ID_CANDIDATE_ROWS_AT_ONCE) {
    const some = ordered.slice(from, from + ID_CANDIDATE_ROWS_AT_ONCE);
    for (const [i, log] of (await source.logs(some, texts)).entries())
      for (const term of idsOf(log, texts, request.pattern)) {
        if (!keys.has(keyOfRow(some[i]!, term.prefix, term.hash))) continue;
        if (found.size === request.termsMax && !found.has(term.text)) truncated = true;
        else {
          found.add(term.text);
          rows.add(some[i]!);
        }
      }
  }
  return { rows, truncated };
}

/** The ids in the texts of a log that match, with their keys. */
function* idsOf(
  log: LogRow,
  texts: FieldTexts,
  { prefix, matches }: TermPattern,
): Generator<{ readonly text: string; readonly prefix: number; readonly hash: number }> {
  const key = new IdKey();
  for (const text of texts.of(log))
    for (const term of texts.tokenizer.cut(text)) {
      if (term.length < ID_BYTES_MIN || term.length > ID_BYTES_MAX) continue;
      if (!term.startsWith(prefix)) continue;
      const bytes = encoder.encode(term);
      if (!key.read(bytes, 0, bytes.length) || !matches(term)) continue;
      yield { text: term, prefix: key.prefix, hash: key.hash };
    }
}

/** Places of all keys whose prefix agrees with that of the pattern, in their order. */
async function* keysWith(
  { directory, blocks }: IdSource,
  { field, pattern }: IdRequest,
): AsyncGenerator<{ readonly block: IdBlock; readonly index: number }> {
  const digits = pattern.prefix.slice(0, ID_PREFIX_BYTES);
  const low = Number.parseInt(digits.padEnd(ID_PREFIX_BYTES, '0'), 16);
  const high = Number.parseInt(digits.padEnd(ID_PREFIX_BYTES, 'f'), 16);
  const first = Math.max(field.ids.start, directory.findIdBlock(field, low, 0));
  for (let number = first; number < field.ids.end; number++) {
    const block = await blocks.ids(number);
    for (let index = firstKeyFrom(block, low, 0); index < block.count; index++) {
      if (block.prefixes[index]! > high) return;
      yield { block, index };
    }
  }
}
