/** What a scenario is asked for on the command line. */
import type { CorpusSpec } from './corpus/corpus-cache.ts';
import type { CorpusKind } from './corpus/synthetic-corpus.ts';

export interface BenchOptions {
  /** How long each phase that is measured by time lasts. */
  readonly seconds: number;
  /** Seed of the corpus; the same seed gives the same logs. */
  readonly seed: number;
  /** Raw bytes; undefined: what the scenario is defined with. */
  readonly sizeBytes: number | undefined;
  /** Undefined: what the scenario is defined with. */
  readonly kind: CorpusKind | undefined;
  /** Access logs as one unparsed line. */
  readonly isLine: boolean;
  /** An index for every field beside that of the full text. */
  readonly hasKeys: boolean;
  /** How often each query is asked, hot. */
  readonly tries: number;
  /** How often each query is asked of a server that was just started. */
  readonly coldTries: number;
  /** Real files instead of a synthetic corpus. */
  readonly corpusDirectory: string | undefined;
  /** Where the data directory of search and sql stays. */
  readonly keepData: string | undefined;
  /** A data directory that an earlier run kept. */
  readonly data: string | undefined;
  /** Progress, to the error stream. */
  readonly progress: (text: string) => void;
}

export function corpusSpec(
  options: BenchOptions,
  defaults: { readonly kind: CorpusKind; readonly sizeBytes: number },
): CorpusSpec {
  return {
    kind: options.kind ?? defaults.kind,
    seed: options.seed,
    sizeBytes: options.sizeBytes ?? defaults.sizeBytes,
    isLine: options.isLine,
    directory: options.corpusDirectory,
  };
}

/** `1.5G`, `200M`, `4096`: powers of ten, as in "MB". Undefined when it is none of these. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kKmMgG]?)[bB]?$/u.exec(text);
  if (match === null) return undefined;
  const unit = { k: 1e3, m: 1e6, g: 1e9 }[match[2]?.toLowerCase() ?? ''] ?? 1;
  return Math.round(Number(match[1]) * unit);
}
