/** Logs of a web server as nginx writes them: parsed into fields, or the unparsed line. */
import { FieldKey } from './group-writer.ts';
import { TimeTexts, writeFields, type LogKind, type LogMoment, type LogNotes } from './log-kind.ts';
import { RecentPicks, type CorpusRandom } from './random.ts';
import {
  CLIENTS,
  COMMON_WORD,
  COMMON_WORD_SHARE,
  HOSTS,
  PATHS,
  TRACE_SHARE,
  USERS,
  words,
  type Client,
  type PageShape,
} from './vocabulary.ts';

const KEYS: readonly FieldKey[] = words(
  'remote_addr remote_user time_local method uri protocol status body_bytes referer user_agent request_time upstream_time host x_forwarded_for trace_id',
).map((name) => new FieldKey(name));
const KEYS_WITHOUT_TRACE = KEYS.slice(0, -1);
const CONTENT = new FieldKey('content');

const METHODS = weighted({ GET: 82, POST: 11, HEAD: 3, OPTIONS: 2, PUT: 1, DELETE: 1 });
const STATUSES = weighted({
  200: 78,
  304: 7,
  302: 4,
  404: 4,
  201: 2,
  499: 1,
  400: 1,
  403: 1,
  500: 1,
  502: 1,
});
/** Of files, which browsers keep. */
const FILE_STATUSES = weighted({ 200: 70, 304: 29, 404: 1 });
const PROTOCOLS = words('HTTP/1.1 HTTP/1.1 HTTP/2.0 HTTP/2.0 HTTP/2.0 HTTP/1.0');

/** Each value as often as its weight says. */
function weighted(weights: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(weights).flatMap(([value, count]) =>
    Array.from({ length: count }, () => value),
  );
}

/** Punctuation of `a - u [t] "m u p" s b "r" "ua" rt ut host "xff" trace`, with the newline. */
const LINE_EXTRA_BYTES = 30;

export class AccessLogs implements LogKind {
  readonly name = 'access';
  readonly path = '/var/log/nginx/access.log';
  readonly hasText = true;
  readonly #isLine: boolean;
  readonly #times = new TimeTexts();
  /** Somebody who asks for a page asks for what it shows, and for more pages. */
  readonly #clients = new RecentPicks<Client>({ windowSize: 150, repeatShare: 0.92 });

  constructor(options: { readonly isLine: boolean }) {
    this.#isLine = options.isLine;
  }

  write(random: CorpusRandom, moment: LogMoment, notes: LogNotes): void {
    const values = this.#values(random, moment, notes);
    const { sink } = notes;
    sink.beginLog(moment.time);
    if (this.#isLine) {
      const line = formatLine(values);
      sink.field(CONTENT, line);
      notes.text(line.length + 1);
    } else {
      const keys = values.length === KEYS.length ? KEYS : KEYS_WITHOUT_TRACE;
      notes.text(writeFields(sink, keys, values) + LINE_EXTRA_BYTES + (keys === KEYS ? 0 : 1));
    }
    sink.endLog();
  }

  #values(random: CorpusRandom, moment: LogMoment, notes: LogNotes): string[] {
    const { address, user, userAgent } = this.#clients.pick(random, pickClient);
    const page = PATHS.pick(random);
    const host = random.chance(0.85) ? page.host : HOSTS.pick(random);
    const isFile = page.fileBytes !== undefined;
    const requestMs = isFile ? random.skewed(6) : 1 + random.skewed(4000);
    const upstreamMs = Math.max(0, requestMs - random.below(4));
    const status = isFile ? random.pick(FILE_STATUSES) : random.pick(STATUSES);
    const bytes = page.fileBytes ?? 120 + random.skewed(40_000);
    const values = [
      address,
      user,
      this.#times.access(moment.time),
      random.pick(METHODS),
      makeUri(random, page, notes),
      random.pick(PROTOCOLS),
      status,
      status === '304' ? '0' : String(bytes),
      random.pick(page.referers),
      userAgent,
      seconds(requestMs),
      isFile ? '-' : seconds(upstreamMs),
      host,
      random.chance(0.8) ? address : `${address}, 10.1.0.${random.below(16)}`,
    ];
    if (!random.chance(TRACE_SHARE)) return values;
    const trace = random.hex(32);
    notes.unique(trace);
    values.push(trace);
    return values;
  }
}

function formatLine(v: readonly string[]): string {
  return `${v[0]} - ${v[1]} [${v[2]}] "${v[3]} ${v[4]} ${v[5]}" ${v[6]} ${v[7]} "${v[8]}" "${v[9]}" ${v[10]} ${v[11]} ${v[12]} "${v[13]}" ${v[14] ?? '-'}`;
}

/** Milliseconds as seconds with three decimals. */
function seconds(milliseconds: number): string {
  const rest = String(milliseconds % 1000).padStart(3, '0');
  return `${Math.floor(milliseconds / 1000)}.${rest}`;
}

function pickClient(random: CorpusRandom): Client {
  return CLIENTS.pick(random);
}

function makeUri(random: CorpusRandom, shape: PageShape, notes: LogNotes): string {
  let uri = shape.path.replace('{}', String(1 + random.skewed(5_000_000)));
  if (random.chance(COMMON_WORD_SHARE)) {
    uri = `/${COMMON_WORD}${uri}`;
    notes.common();
  }
  for (const [i, parameter] of shape.parameters.entries())
    uri += `${i === 0 ? '?' : '&'}${parameter}=${parameterValue(random, parameter)}`;
  return uri;
}

function parameterValue(random: CorpusRandom, parameter: string): string {
  switch (parameter) {
    case 'page':
      return String(1 + random.skewed(60));
    case 'size':
      return random.pick(['10', '20', '50', '100']);
    case 'lang':
      return random.pick(['zh-CN', 'zh-CN', 'en-US', 'ja-JP']);
    case 'from':
    case 'to':
      return String(1_772_000_000 + random.below(500) * 3600);
    case 'sort':
      return random.pick(['time', 'price', '-time', 'sales']);
    case 'v':
      return `3.${random.below(6)}.${random.below(20)}`;
    case 'q':
      return USERS.pick(random).slice(1, 5);
    default:
      return String(random.skewed(400));
  }
}
