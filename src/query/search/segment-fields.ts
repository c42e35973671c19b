/** The text fields of a segment by name and by tokenizer, as its own index configuration cuts them. */
import { compileTokenizer, type Tokenizer, type TokenizerOptions } from '#kernel/tokenizer.ts';
import { tokenizerOptionsOf } from '#segment/field-texts.ts';
import { LINE_FIELD, type SegmentReader } from '#segment/segment.ts';

/** Fields whose values and query texts are cut in the same way. */
export interface FieldGroup {
  readonly options: TokenizerOptions;
  readonly tokenizer: Tokenizer;
  /** Cuts at delimiters only, for patterns: a dictionary would tear them apart. */
  readonly patternTokenizer: Tokenizer;
  readonly fields: readonly string[];
}

export interface SegmentFields {
  /** All text fields, `LINE_FIELD` included, one group for each distinct tokenizer. */
  readonly groups: readonly FieldGroup[];
  /** How the full text is cut; undefined: there is none. */
  readonly line: FieldGroup | undefined;
  /** Whether the segment has postings of a field with exactly this name. */
  isText(field: string): boolean;
  /** Text fields with this name in lower case, by tokenizer. Empty when there is none. */
  textFields(name: string): readonly FieldGroup[];
  /** Text fields below `<name>.`, by tokenizer. */
  leaves(name: string): readonly FieldGroup[];
  /** Numeric fields with this name in lower case. */
  numericFields(name: string): readonly string[];
  /** How a field is cut, whether it is in this segment or not. */
  groupOf(field: string): FieldGroup;
}

const cache = new WeakMap<SegmentReader, SegmentFields>();

/** The fields of a segment; made once for each reader. */
export function fieldsOf(reader: SegmentReader): SegmentFields {
  const known = cache.get(reader);
  if (known !== undefined) return known;
  const made = makeSegmentFields(reader);
  cache.set(reader, made);
  return made;
}

function makeSegmentFields(reader: SegmentReader): SegmentFields {
  const compiled = new Map<string, Omit<FieldGroup, 'fields'>>();
  const shared = (field: string): Omit<FieldGroup, 'fields'> => {
    const options = tokenizerOptionsOf(field, reader.indexConfig);
    const key = tokenizerKey(options);
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const made = {
      options,
      tokenizer: compileTokenizer(options),
      patternTokenizer: compileTokenizer({ ...options, chn: false }),
    };
    compiled.set(key, made);
    return made;
  };
  const group = (fields: readonly string[]): readonly FieldGroup[] =>
    [...Map.groupBy(fields, shared)].map(([common, members]) => ({ ...common, fields: members }));
  const textByName = Map.groupBy(reader.textFields, (field) => field.toLowerCase());
  const numericByName = Map.groupBy(reader.numericFields, (field) => field.toLowerCase());
  const names = new Set(reader.textFields);
  const hasLine = reader.indexConfig.line !== undefined;
  return {
    line: hasLine ? { ...shared(LINE_FIELD), fields: [LINE_FIELD] } : undefined,
    isText: (field) => names.has(field),
    groups: group(reader.textFields),
    textFields: (name) => group(textByName.get(name) ?? []),
    leaves: (name) =>
      group(reader.textFields.filter((field) => field.toLowerCase().startsWith(`${name}.`))),
    numericFields: (name) => numericByName.get(name) ?? [],
    groupOf: (field) => ({ ...shared(field), fields: [field] }),
  };
}

function tokenizerKey(options: TokenizerOptions): string {
  const delimiters = [...new Set(options.token.join(''))].sort().join('');
  return JSON.stringify([delimiters, options.caseSensitive, options.chn]);
}
