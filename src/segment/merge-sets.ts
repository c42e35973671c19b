/**
 * The term sets of a merge: sets of different inputs that have the same terms become one. What a set's terms are is only
 * known from the dictionaries, so that one pass over the terms that name sets comes before the others.
 */
import { GrowingU32 } from '#kernel/growing-u32.ts';
import { FORM_NONE, type EntryRefs } from './list-block.ts';
import { FieldCursor, type MergeInput } from './merge-input.ts';
import { TermMerge } from './merge-terms.ts';

export interface UnitedSets {
  readonly count: number;
  /** Set s of input i is united[bases[i] + s]. */
  readonly bases: readonly number[];
  readonly united: Uint32Array;
  /** The sets of the inputs that became set u are members[starts[u], starts[u + 1]), ascending, as base + number. */
  readonly starts: Uint32Array;
  readonly members: Uint32Array;
}

/** `fields`: names of all text fields. Memory: about 12 bytes for each set that a term names. */
export function uniteSets(inputs: readonly MergeInput[], fields: readonly string[]): UnitedSets {
  const bases: number[] = [];
  let total = 0;
  for (const { setCount } of inputs) {
    bases.push(total);
    total += setCount;
  }
  const naming = new NamingTerms(inputs, bases, total);
  if (total > 0) for (const field of fields) naming.addField(field);
  const united = uniteEqual(naming.bySet(), total);
  const count = total === 0 ? 0 : united.reduce((max, set) => Math.max(max, set), 0) + 1;
  return { count, bases, united, ...membersOf(united, count) };
}

/** Lists of ascending numbers: those of list l are items[starts[l], starts[l + 1]). */
interface Lists {
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
}

/** Collects which terms, and which presence lists, name which sets. */
class NamingTerms {
  readonly #inputs: readonly MergeInput[];
  readonly #bases: readonly number[];
  readonly #counts: Uint32Array;
  /** Set and term of each naming, term by term. */
  readonly #sets: GrowingU32 = new GrowingU32(1 << 16);
  readonly #terms: GrowingU32 = new GrowingU32(1 << 16);
  readonly #scratch: Uint32Array;
  #term: number = 0;

  constructor(inputs: readonly MergeInput[], bases: readonly number[], total: number) {
    this.#inputs = inputs;
    this.#bases = bases;
    this.#counts = new Uint32Array(total);
    this.#scratch = new Uint32Array(Math.max(0, ...inputs.map(({ setCount }) => setCount)));
  }

  addField(name: string): void {
    const cursors: FieldCursor[] = [];
    for (const [number, input] of this.#inputs.entries()) {
      const field = input.directory.textFields.get(name);
      if (field === undefined) continue;
      cursors.push(new FieldCursor(input, number, field));
    }
    const merge = new TermMerge(cursors, (cursor) => cursor.nextWithSets());
    for (; merge.next(); this.#term++)
      for (let i = 0; i < merge.tiedCount; i++) {
        const { number, entry } = merge.tied[i]!;
        this.#add(number, entry.lists);
      }
    for (const which of [0, 1]) {
      for (const [number, { directory }] of this.#inputs.entries()) {
        const field = directory.textFields.get(name);
        if (field !== undefined)
          this.#add(number, this.#inputs[number]!.fieldList(field.presentEntry + which));
      }
      this.#term++;
    }
  }

  /** The terms of each set. */
  bySet(): Lists {
    const starts = new Uint32Array(this.#counts.length + 1);
    for (const [set, count] of this.#counts.entries()) starts[set + 1] = starts[set]! + count;
    const next = starts.slice();
    const sets = this.#sets.view();
    const terms = this.#terms.view();
    const items = new Uint32Array(sets.length);
    for (let i = 0; i < sets.length; i++) items[next[sets[i]!]!++] = terms[i]!;
    return { starts, items };
  }

  #add(number: number, { block, sets }: Pick<EntryRefs, 'block' | 'sets'>): void {
    if (sets.form === FORM_NONE) return;
    const scratch = this.#scratch;
    const end = this.#inputs[number]!.readSets(block, sets, scratch, 0);
    const base = this.#bases[number]!;
    for (let i = 0; i < end; i++) {
      const set = base + scratch[i]!;
      this.#counts[set]!++;
      this.#sets.push(set);
      this.#terms.push(this.#term);
    }
  }
}

/** Gives equal lists the same number, in order of the first of them. */
function uniteEqual({ starts, items }: Lists, total: number): Uint32Array {
  const united = new Uint32Array(total);
  const size = 2 ** Math.ceil(Math.log2(total * 2 + 2));
  /** First list of each number, by hash; −1 where free. */
  const slots = new Int32Array(size).fill(-1);
  let count = 0;
  for (let list = 0; list < total; list++) {
    let slot = hashOf(items, starts[list]!, starts[list + 1]!) & (size - 1);
    while (slots[slot]! >= 0 && !isEqual(starts, items, slots[slot]!, list))
      slot = (slot + 1) & (size - 1);
    if (slots[slot]! < 0) {
      slots[slot] = list;
      united[list] = count++;
    } else united[list] = united[slots[slot]!]!;
  }
  return united;
}

function hashOf(items: Uint32Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ items[i]!, 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 16);
}

function isEqual(starts: Uint32Array, items: Uint32Array, a: number, b: number): boolean {
  const length = starts[a + 1]! - starts[a]!;
  if (starts[b + 1]! - starts[b]! !== length) return false;
  for (let i = 0; i < length; i++)
    if (items[starts[a]! + i] !== items[starts[b]! + i]) return false;
  return true;
}

function membersOf(
  united: Uint32Array,
  count: number,
): { readonly starts: Uint32Array; readonly members: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (const set of united) starts[set + 1]!++;
  for (let set = 0; set < count; set++) starts[set + 1]! += starts[set]!;
  const next = starts.slice();
  const members = new Uint32Array(united.length);
  for (const [member, set] of united.entries()) members[next[set]!++] = member;
  return { starts, members };
}
