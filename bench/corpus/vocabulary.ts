/**
 * The words that the kinds of logs share: hosts, addresses, users, paths, user agents. Made from a fixed seed, so the
 * seed of a run changes what happens, not in which world.
 */
import { CorpusRandom, ZipfWords } from './random.ts';

/** The service that has a part in 5 % of all logs of every kind; no other text has this word. */
export const COMMON_WORD = 'checkout';
export const COMMON_WORD_SHARE = 0.05;

/** Part of the access, application and JSON logs that carry a trace id of their own. */
export const TRACE_SHARE = 0.6;

const WORLD_SEED = 20_260_302;

export const NOUNS: readonly string[] = words(`
  account address alert article asset audit badge balance banner basket batch billing bonus brand bundle calendar
  campaign card carrier catalog category channel city claim client comment contract coupon credit currency customer
  dashboard delivery deposit device discount document domain draft email employee export favorite feed file filter
  folder forum gallery gateway gift group history image import inbox insight inventory invite invoice item label lead
  ledger lesson limit listing location manual member menu merchant message metric module notice offer option order
  package page partner password payment payout permission phone photo plan player playlist policy portal post price
  product profile promo quota quote rating receipt recipe refund region rental report reserve return reward role
  route rule schedule score search seat session setting shipment shop sku stock store subscription supplier support
  survey task team template theme ticket token topic tour transfer upload vendor video voucher wallet warehouse wish
`);

const ACTIONS: readonly string[] = words(
  'list detail edit create update remove preview status summary export check confirm apply sync validate next',
);

const FILE_ENDS: readonly string[] = words('js css png jpg svg woff2 html webp ico map');

export function words(text: string): readonly string[] {
  return text.trim().split(/\s+/u);
}

const random = new CorpusRandom(WORLD_SEED);

/** Virtual hosts and machines, 300. */
export const HOSTS: ZipfWords<string> = new ZipfWords(
  unique(300, () => {
    const place = random.pick(['bj', 'sh', 'hz', 'sz', 'cd', 'gz']);
    return `${random.pick(NOUNS)}-${place}${random.between(1, 9)}-${random.between(10, 99)}.example.com`;
  }),
);

/** Client addresses, 100,000. */
export const ADDRESSES: ZipfWords<string> = new ZipfWords(
  unique(
    100_000,
    () =>
      `${random.between(1, 223)}.${random.below(256)}.${random.below(256)}.${random.between(1, 254)}`,
  ),
);

/** User names, 50,000. */
export const USERS: ZipfWords<string> = new ZipfWords(
  unique(50_000, () => `u${random.between(100_000, 9_999_999)}`),
);

const PARAMETERS = words(
  'page size sort lang from to q ref v ts category region token_type fields',
);

export interface PathShape {
  /** Without query. `{}` stands for an id. */
  readonly path: string;
  /** Names of its query parameters. */
  readonly parameters: readonly string[];
  /** Of a file, which always has the same size; undefined: each answer has its own. */
  readonly fileBytes: number | undefined;
}

export interface PageShape extends PathShape {
  /** The host that most of its requests go to. */
  readonly host: string;
  /** Pages that link to it, `-` for none. */
  readonly referers: readonly string[];
}

/** Paths of all sites, 5,000. */
export const PATHS: ZipfWords<PageShape> = new ZipfWords(makePages(5000));

function makePaths(count: number): readonly PathShape[] {
  const seen = new Set<string>();
  const paths: PathShape[] = [];
  while (paths.length < count) {
    const path = makePath();
    if (seen.has(path)) continue;
    seen.add(path);
    const isFile = path.startsWith('/static');
    const parameters = isFile
      ? random.chance(0.5)
        ? ['v']
        : []
      : unique(random.below(4), () => random.pick(PARAMETERS));
    const fileBytes = isFile ? 400 + random.skewed(2_000_000) : undefined;
    paths.push({ path, parameters, fileBytes });
  }
  return paths;
}

function makePages(count: number): readonly PageShape[] {
  const paths = makePaths(count);
  return paths.map((shape) => {
    const host = HOSTS.pick(random);
    const referers = Array.from({ length: 4 }, () => {
      if (random.chance(0.4)) return '-';
      if (random.chance(0.2))
        return random.pick(['https://www.baidu.com/', 'https://www.bing.com/']);
      return `https://${host}${random.pick(paths).path.replace('{}', String(random.skewed(9000)))}`;
    });
    return { ...shape, host, referers };
  });
}

function makePath(): string {
  const noun = random.pick(NOUNS);
  // Half of what browsers ask for are files.
  const shape = random.below(14) - 4;
  if (shape < 2) return `/static/${noun}/${random.pick(NOUNS)}.${random.pick(FILE_ENDS)}`;
  if (shape < 4) return `/api/v${random.between(1, 3)}/${noun}s`;
  if (shape < 7) return `/api/v${random.between(1, 3)}/${noun}s/{}/${random.pick(ACTIONS)}`;
  if (shape < 9) return `/${noun}/${random.pick(NOUNS)}/${random.pick(ACTIONS)}`;
  return `/blog/${noun}-${random.pick(NOUNS)}-${random.pick(ACTIONS)}`;
}

/** User agents, 300. */
export const USER_AGENTS: ZipfWords<string> = new ZipfWords(unique(300, makeUserAgent));

export interface Client {
  readonly address: string;
  /** `-` when not signed in. */
  readonly user: string;
  readonly userAgent: string;
}

/** Clients of the sites, one for each address; 60 % have a user. */
export const CLIENTS: ZipfWords<Client> = new ZipfWords(
  ADDRESSES.values.map((address, i) => ({
    address,
    user: random.chance(0.4) ? '-' : USERS.values[(i * 7) % USERS.values.length]!,
    userAgent: USER_AGENTS.pick(random),
  })),
);

function makeUserAgent(): string {
  const chrome = `${random.between(118, 142)}.0.${random.pick(['0', '6943', '7204', '7390'])}.${random.pick(['0', '54', '127'])}`;
  const windows = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${chrome} Safari/537.36`;
  switch (random.below(8)) {
    case 0:
    case 1:
      return windows;
    case 2:
      return `${windows} Edg/${chrome}`;
    case 3:
      return `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_${random.between(2, 7)}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${random.between(15, 19)}.${random.between(0, 6)} Safari/605.1.15`;
    case 4: {
      const version = `${random.between(15, 19)}_${random.between(0, 6)}`;
      return `Mozilla/5.0 (iPhone; CPU iPhone OS ${version} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.${random.between(30, 60)} NetType/WIFI Language/zh_CN`;
    }
    case 5:
      return `Mozilla/5.0 (Linux; Android ${random.between(10, 15)}; ${random.pick(['SM-G998B', 'Pixel 8', 'M2102K1G', 'V2254A', 'PHB110'])}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${chrome} Mobile Safari/537.36`;
    case 6:
      return `okhttp/${random.between(3, 5)}.${random.between(0, 12)}.${random.between(0, 9)}`;
    default:
      return `${random.pick(['curl', 'python-requests', 'Go-http-client', 'Apache-HttpClient', 'kube-probe'])}/${random.between(1, 8)}.${random.between(0, 30)}`;
  }
}

/** `count` different values of `make`, in the order in which they came. */
function unique(count: number, make: () => string): readonly string[] {
  const values = new Set<string>();
  while (values.size < count) values.add(make());
  return [...values];
}
