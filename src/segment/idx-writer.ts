/** Turns a built index into the bytes of an `.idx` file (`idx-codec.ts`). */
import { zstdCompressSync } from 'node:zlib';
import { ByteWriter } from '#kernel/byte-writer.ts';
import { sortTerms } from '#kernel/sort-terms.ts';
import type { TermPostings } from '#kernel/term-table.ts';
import {
  IdxFileWriter,
  SECTION_FIELDS,
  SECTION_INFO,
  SECTION_TIMES,
  writeRef,
  type IdxInfo,
} from './idx-codec.ts';
import type { BuiltIndex, NumericCells } from './index-builder.ts';
import { encodeNumbers } from './numeric-codec.ts';
import { DictionaryWriter, PostingWriter, type DictionaryBlock } from './term-dictionary.ts';

const encoder = new TextEncoder();

/** `times`: by row, ascending. */
export function encodeIdx(index: BuiltIndex, times: Uint32Array, info: IdxInfo): Uint8Array {
  const file = new IdxFileWriter();
  const postings = new PostingWriter(file, times.length);
  const fields = new ByteWriter();
  fields.varint(times.length);
  writeTextFields(index, { file, postings, fields });
  fields.varint(index.numericFields.length);
  for (const column of index.numericFields) writeNumeric(column, { file, postings, fields });
  file.section(SECTION_TIMES, encodeTimes(times));
  file.section(SECTION_FIELDS, fields.view());
  file.section(SECTION_INFO, encoder.encode(JSON.stringify(info)));
  return file.finish();
}

interface Outputs {
  readonly file: IdxFileWriter;
  readonly postings: PostingWriter;
  readonly fields: ByteWriter;
}

function writeTextFields(index: BuiltIndex, outputs: Outputs): void {
  const { fields, postings } = outputs;
  const terms = index.postings;
  const byField = termsByField(terms, index.textFields.length);
  fields.varint(index.textFields.length);
  for (const [number, field] of index.textFields.entries()) {
    const start = byField.starts[number]!;
    const end = byField.starts[number + 1]!;
    sortTerms(byField.ids, start, end, terms);
    const dictionary = new DictionaryWriter(outputs.file, postings);
    for (let i = start; i < end; i++) {
      const id = byField.ids[i]!;
      const term = terms.arena.subarray(terms.offsets[id], terms.offsets[id + 1]);
      dictionary.add(term, terms.rows, { start: terms.starts[id]!, end: terms.starts[id + 1]! });
    }
    dictionary.finish();
    writeName(field.name, fields);
    fields.u8(field.hasTerms ? 1 : 0);
    for (const list of [field.presentList, field.emptyList])
      writeRef(postings.store(terms.rows, terms.starts[list]!, terms.starts[list + 1]!), fields);
    writeBlocks(dictionary.blocks, fields);
  }
}

/** Term numbers grouped by field: those of field f are ids[starts[f], starts[f + 1]). */
function termsByField(
  terms: TermPostings,
  fieldCount: number,
): { readonly ids: Uint32Array; readonly starts: Uint32Array } {
  const starts = new Uint32Array(fieldCount + 1);
  for (let id = 0; id < terms.termCount; id++)
    if (terms.fields[id]! >= 0) starts[terms.fields[id]! + 1]!++;
  for (let field = 0; field < fieldCount; field++) starts[field + 1]! += starts[field]!;
  const ids = new Uint32Array(starts[fieldCount]!);
  const next = starts.slice();
  for (let id = 0; id < terms.termCount; id++)
    if (terms.fields[id]! >= 0) ids[next[terms.fields[id]!]!++] = id;
  return { ids, starts };
}

function writeNumeric(column: NumericCells, outputs: Outputs): void {
  const { fields } = outputs;
  writeName(column.field, fields);
  writeRef(outputs.postings.store(column.rows, 0, column.rows.length), fields);
  const place = outputs.file.block(encodeNumbers(column.values));
  fields.varint(place.offset);
  fields.varint(place.length);
}

function writeBlocks(blocks: readonly DictionaryBlock[], fields: ByteWriter): void {
  fields.varint(blocks.length);
  for (const { separator, place } of blocks) {
    fields.varint(separator.length);
    fields.bytes(separator);
    fields.varint(place.offset);
    fields.varint(place.length);
  }
}

function writeName(name: string, fields: ByteWriter): void {
  const bytes = encoder.encode(name);
  fields.varint(bytes.length);
  fields.bytes(bytes);
}

function encodeTimes(times: Uint32Array): Uint8Array {
  const out = new ByteWriter(times.length + 16);
  let previous = 0;
  for (const time of times) {
    out.varint(time - previous);
    previous = time;
  }
  return zstdCompressSync(out.view());
}
