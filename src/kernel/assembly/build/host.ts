/** What the kernel asks its host (`build-kernel.ts`) for: work that is rare and needs Unicode tables or texts. */

/** Appends bytes [start, end) to the arena, with U+FFFD for what is not UTF-8. */
export declare function hostClean(start: usize, end: usize): void;

/** Tokenises bytes [start, end) with the numbered tokenizer and gives each term to `buildHostTerm`. */
export declare function hostScan(tokenizer: u32, start: usize, end: usize): void;

/** Plan of a JSON leaf: -1 none, else target × 4, or column × 4 + 1 (long) or + 2 (double). */
export declare function hostLeaf(json: u32, path: usize, length: usize): i32;

/** The number that bytes [start, end) stand for (kind 1 long, 2 double); NaN when none. */
export declare function hostNumber(kind: u32, start: usize, end: usize): f64;
