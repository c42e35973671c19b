/** Wide logs as a service that logs JSON gives: 30–60 fields, some of them nested objects (as JSON text). */
import { FieldKey } from './group-writer.ts';
import { TimeTexts, type LogKind, type LogMoment, type LogNotes } from './log-kind.ts';
import { CorpusRandom, RecentPicks } from './random.ts';
import {
  CLIENTS,
  COMMON_WORD,
  COMMON_WORD_SHARE,
  HOSTS,
  NOUNS,
  PATHS,
  TRACE_SHARE,
  type Client,
} from './vocabulary.ts';

const key = (name: string): FieldKey => new FieldKey(name);

const SHAPE_SEED = 4711;
const ALWAYS_FIELDS = 30;
const OPTIONAL_FIELDS = 30;

type Make = (random: CorpusRandom) => string;

const fixed = new CorpusRandom(SHAPE_SEED);

const number =
  (bound: number): Make =>
  (random) =>
    String(random.skewed(bound));
const decimal =
  (bound: number): Make =>
  (random) =>
    `${random.skewed(bound)}.${random.between(100, 999)}`;
const oneOf =
  (values: readonly string[]): Make =>
  (random) =>
    values[random.skewed(values.length)]!;
const boolean: Make = (random) => (random.chance(0.85) ? 'true' : 'false');

/** Fields beyond the named ones: what a team adds over the years. */
const EXTRA_FIELDS: readonly (readonly [FieldKey, Make])[] = Array.from(
  { length: ALWAYS_FIELDS + OPTIONAL_FIELDS - 17 },
  (_, i) => {
    const name = `${NOUNS[(i * 7) % NOUNS.length]!}_${['count', 'ms', 'state', 'rate', 'enabled', 'type', 'size'][i % 7]!}`;
    const values = Array.from({ length: 12 }, () => fixed.pick(NOUNS));
    const makers = [
      number(500),
      number(3000),
      oneOf(values),
      decimal(100),
      boolean,
      oneOf(values),
      number(100_000),
    ];
    return [key(name), makers[i % 7]!] as const;
  },
);
const EXTRA_ALWAYS = ALWAYS_FIELDS - 17;

const NAMED = {
  timestamp: key('timestamp'),
  level: key('level'),
  service: key('service'),
  env: key('env'),
  region: key('region'),
  version: key('version'),
  host: key('host'),
  pod: key('pod'),
  requestId: key('request_id'),
  userId: key('user_id'),
  clientIp: key('client_ip'),
  path: key('path'),
  status: key('status'),
  duration: key('duration_ms'),
  http: key('http'),
  kubernetes: key('kubernetes'),
  user: key('user'),
  trace: key('trace_id'),
} as const;

export class JsonLogs implements LogKind {
  readonly name = 'json';
  readonly path = '/var/log/containers/service.json';
  readonly hasText = false;
  readonly #times = new TimeTexts();
  readonly #clients = new RecentPicks<Client>({ windowSize: 150, repeatShare: 0.9 });

  write(random: CorpusRandom, moment: LogMoment, notes: LogNotes): void {
    const { sink } = notes;
    const isCommon = random.chance(COMMON_WORD_SHARE);
    const service = isCommon ? COMMON_WORD : NOUNS[random.skewed(40)]!;
    const pod = `${service}-${(random.skewed(8) + 0x3ab1c).toString(16)}-${random.skewed(30)}`;
    const client = this.#clients.pick(random, (r) => CLIENTS.pick(r));
    const userId = client.user;
    const path = PATHS.pick(random).path.replace('{}', String(1 + random.skewed(900_000)));
    sink.beginLog(moment.time, moment.timeNs);
    sink.field(NAMED.timestamp, this.#times.iso(moment.time, moment.timeNs));
    sink.field(
      NAMED.level,
      random.pick(['info', 'info', 'info', 'info', 'debug', 'warn', 'error']),
    );
    sink.field(NAMED.service, service);
    sink.field(NAMED.env, random.chance(0.9) ? 'prod' : 'staging');
    sink.field(NAMED.region, random.pick(['cn-hangzhou', 'cn-shanghai', 'cn-beijing']));
    // A service runs one version, now and then two.
    sink.field(NAMED.version, `2.${service.length}.${random.chance(0.95) ? 7 : 8}`);
    sink.field(NAMED.host, moment.host);
    sink.field(NAMED.pod, pod);
    sink.field(NAMED.requestId, random.hex(16));
    sink.field(NAMED.userId, userId);
    sink.field(NAMED.clientIp, client.address);
    sink.field(NAMED.path, path);
    sink.field(NAMED.status, random.pick(['200', '200', '200', '200', '201', '404', '500']));
    sink.field(NAMED.duration, `${random.skewed(4000)}.${random.between(100, 999)}`);
    sink.field(NAMED.http, makeHttp(random, client.userAgent));
    sink.field(
      NAMED.kubernetes,
      `{"namespace":"${NOUNS[random.skewed(20)]!}","labels":{"app":"${service}","tier":"backend"},"restarts":${random.skewed(9)}}`,
    );
    sink.field(
      NAMED.user,
      `{"id":"${userId}","plan":"${random.pick(['free', 'free', 'pro', 'team'])}","age_days":${random.skewed(3000)},"roles":["reader"${random.chance(0.3) ? ',"writer"' : ''}]}`,
    );
    this.#writeExtra(random, notes);
    if (random.chance(TRACE_SHARE)) {
      const trace = random.hex(32);
      sink.field(NAMED.trace, trace);
      notes.unique(trace);
    }
    sink.endLog();
    if (isCommon) notes.common();
  }

  #writeExtra(random: CorpusRandom, notes: LogNotes): void {
    const optional = random.below(OPTIONAL_FIELDS + 1);
    const first = EXTRA_ALWAYS + random.below(OPTIONAL_FIELDS);
    for (let i = 0; i < EXTRA_ALWAYS; i++) {
      const [name, make] = EXTRA_FIELDS[i]!;
      notes.sink.field(name, make(random));
    }
    for (let i = 0; i < optional; i++) {
      const index = EXTRA_ALWAYS + ((first + i) % OPTIONAL_FIELDS);
      const [name, make] = EXTRA_FIELDS[index]!;
      notes.sink.field(name, make(random));
    }
  }
}

function makeHttp(random: CorpusRandom, agent: string): string {
  const bytes = random.skewed(200_000);
  return `{"method":"${random.pick(['GET', 'GET', 'POST', 'PUT'])}","host":"${HOSTS.pick(random)}","agent":"${agent}","bytes":${bytes}}`;
}
