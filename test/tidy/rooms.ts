/**
 * The room table: which folders of `src/` exist, on which layer, and the few edges between rooms of one layer.
 * ARCHITECTURE.md explains the rooms; this file is what the structure test enforces. A new room or edge
 * needs an ADR.
 */
export const ROOM_LAYERS: Readonly<Record<string, number>> = {
  base: 0,
  kernel: 1,
  querylang: 1,
  protocol: 1,
  platform: 1,
  telemetry: 1,
  config: 1,
  loghub: 2,
  meta: 2,
  blob: 2,
  parquet: 2,
  segment: 3,
  ingest: 4,
  query: 4,
  backend: 4,
  frontend: 5,
  logtail: 5,
  cli: 5,
  main: 6,
};

/** Edges between rooms of the same layer, each with its reason. */
export const SAME_LAYER_EDGES: Readonly<Record<string, string>> = {};

/** Rooms that also run in the browser: nothing of Node there. */
export const BROWSER_ROOMS: readonly string[] = ['base', 'querylang'];

/** What the console may import from `src/`. */
export const CONSOLE_ROOMS: readonly string[] = ['base', 'protocol', 'querylang'];

/** Files that nobody imports because a process, a worker or a tool starts them. */
export const ENTRY_FILES: readonly RegExp[] = [
  /^src\/main\/[a-z-]+\.ts$/u,
  /-worker\.ts$/u,
  /^src\/kernel\/assembly\//u,
  /\.contract\.ts$/u,
  /^console\/src\/main\.tsx$/u,
];

export interface BannedText {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Files where it is right, each for the reason given in `why`. */
  readonly except: readonly RegExp[];
  readonly why: string;
}

export const BANNED_TEXT: readonly BannedText[] = [
  {
    pattern: /\bprocess\.env\b/u,
    instead: 'an option of #config, read once in main/',
    except: [/^src\/main\//u, /^src\/config\//u],
    why: 'entry points read the environment',
  },
  {
    pattern: /\bDate\.now\(|\bperformance\.now\(/u,
    instead: 'the Clock of #platform',
    except: [/^src\/platform\//u, /^src\/main\//u, /^console\//u, /-worker\.ts$/u],
    why: 'the clock itself, wiring, the browser; workers only measure stages',
  },
  {
    pattern: /\bMath\.random\(|\brandomBytes\(/u,
    instead: 'the Random of #platform',
    except: [/^src\/platform\//u, /^src\/main\//u, /^console\//u],
    why: 'randomness itself',
  },
  {
    pattern: /\bdangerouslySetInnerHTML\b|\beval\(|\bnew Function\(/u,
    instead: 'plain text nodes: log content is untrusted',
    except: [],
    why: '',
  },
  {
    pattern: /\b(?:FIX[M]E|TO[D]O|XX[X])\b/u,
    instead: 'an issue, or do it',
    except: [],
    why: '',
  },
  {
    pattern: /\bexport \* from\b|\bexport \{[^}]*\} from\b/u,
    instead: 'importing from the file that defines it',
    except: [],
    why: '',
  },
  {
    pattern: /\b(?:[Jj]ournal|[Dd]aemon|[Tt]okenMap|[Pp]artitionKey)\b/u,
    instead: 'WAL, agent, term dictionary, hash key (STYLE.md, words)',
    except: [],
    why: '',
  },
];
