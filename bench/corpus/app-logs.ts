/** Text of applications: level, logger, thread and a message from some 200 templates; stack traces in 1 %. */
import { FieldKey } from './group-writer.ts';
import { TimeTexts, type LogKind, type LogMoment, type LogNotes } from './log-kind.ts';
import { CorpusRandom, RecentPicks, ZipfWords } from './random.ts';
import {
  ADDRESSES,
  COMMON_WORD,
  COMMON_WORD_SHARE,
  NOUNS,
  PATHS,
  TRACE_SHARE,
  USERS,
  words,
} from './vocabulary.ts';

const TIME = new FieldKey('time');
const LEVEL = new FieldKey('level');
const LOGGER = new FieldKey('logger');
const THREAD = new FieldKey('thread');
const MESSAGE = new FieldKey('message');
const TRACE = new FieldKey('trace_id');

const TEMPLATE_SEED = 77;
const STACK_SHARE = 0.01;

/** `@` is a noun that is fixed for a template; `{…}` a value that is made for each log. */
const PATTERNS = `
@ {id} created for user {user}, amount {money} CNY, channel {word}
@ {id} changed state from {state} to {state} in {ms} ms
failed to load @ {id}: connection to {ip}:{port} timed out after {ms} ms, attempt {small}
cache miss for key @:{id}:{word}, loaded {small} entries in {ms} ms
slow query took {ms} ms: select * from t_@ where user_id = {id} and state = {small} limit {small}
published {small} messages to topic @-{word}, partition {small}, offset {id}
consumed message {hex} from topic @-{word} after {ms} ms, lag {small}
token of user {user} refreshed, expires in {id} s
GET {path} -> {status} in {ms} ms, {bytes} bytes for {ip}
rate limit of @ reached for {user}: {small} of {small} requests in the last {small} s
pool @-db: active={small} idle={small} waiting={small} acquired in {ms} ms
scheduled job @-{word} finished: {small} processed, {small} skipped, {small} failed in {ms} ms
retrying call to {word}-service ({small}/5) after {ms} ms: status {status}
用户 {user} 的 @ 请求已处理，编号 {id}，耗时 {ms} 毫秒
uploaded @ {hex}.{word}, {bytes} bytes, md5 {hex}{hex}
gc pause {ms} ms, heap {bytes} -> {bytes} bytes
session {hex} of user {user} opened from {ip} with {small} roles
validation of @ failed: field {word} is {small}, expected at most {small}
lock @:{id} acquired by worker-{small} after {ms} ms
feature flag {word} is off for @ {id}, falling back to version {small}
`
  .trim()
  .split('\n');

type Part = string | ((random: CorpusRandom, recent: Recent) => string);

/** An order, a user, a file, a machine is the matter of many lines, one after the other. */
class Recent {
  readonly ids = new RecentPicks<string>({ windowSize: 100, repeatShare: 0.85 });
  readonly users = new RecentPicks<string>({ windowSize: 100, repeatShare: 0.85 });
  readonly hashes = new RecentPicks<string>({ windowSize: 100, repeatShare: 0.7 });
  readonly addresses = new RecentPicks<string>({ windowSize: 50, repeatShare: 0.9 });
}

const VALUES: Readonly<Record<string, Exclude<Part, string>>> = {
  id: (random, recent) => recent.ids.pick(random, (r) => String(1 + r.skewed(90_000_000))),
  user: (random, recent) => recent.users.pick(random, (r) => USERS.pick(r)),
  money: (random) => `${random.skewed(9000)}.${random.between(10, 99)}`,
  ms: (random) => String(1 + random.skewed(2000)),
  small: (random) => String(random.skewed(200)),
  bytes: (random) => String(1024 * (1 + random.skewed(20_000))),
  ip: (random, recent) => recent.addresses.pick(random, (r) => ADDRESSES.pick(r)),
  port: (random) => random.pick(['3306', '6379', '8080', '9092', '443']),
  hex: (random, recent) => recent.hashes.pick(random, (r) => r.hex(8)),
  word: (random) => NOUNS[random.skewed(NOUNS.length)]!,
  state: (random) => random.pick(['NEW', 'PAID', 'SENT', 'DONE', 'CLOSED', 'FAILED']),
  status: (random) => random.pick(['200', '200', '200', '204', '404', '500', '503']),
  path: (random) => PATHS.pick(random).path.replace('{}', String(random.skewed(90_000))),
};

const fixed = new CorpusRandom(TEMPLATE_SEED);

interface Template {
  readonly parts: readonly Part[];
  readonly logger: string;
  readonly level: string;
}

function parseTemplate(text: string): readonly Part[] {
  return text
    .split(/(\{\w+\})/u)
    .map((part) => (part.startsWith('{') ? VALUES[part.slice(1, -1)]! : part));
}

const LOGGERS = new ZipfWords(
  Array.from({ length: 120 }, () => {
    const noun = fixed.pick(NOUNS);
    const end = fixed.pick(['Service', 'Controller', 'Repository', 'Client', 'Worker', 'Listener']);
    return `com.acme.${fixed.pick(NOUNS)}.${noun[0]!.toUpperCase()}${noun.slice(1)}${end}`;
  }),
);
const LEVELS: readonly string[] = words(
  'INFO INFO INFO INFO INFO INFO INFO INFO INFO INFO INFO INFO INFO INFO DEBUG DEBUG DEBUG WARN WARN ERROR',
);

/** Ten nouns a pattern: 200 templates. A statement stands in one class and has one level. */
const TEMPLATES: ZipfWords<Template> = new ZipfWords(
  Array.from({ length: PATTERNS.length * 10 }, (_, i) => ({
    parts: parseTemplate(PATTERNS[i % PATTERNS.length]!.replaceAll('@', fixed.pick(NOUNS))),
    logger: LOGGERS.pick(fixed),
    level: fixed.pick(LEVELS),
  })),
);

const EXCEPTIONS = words(
  'java.lang.NullPointerException java.net.SocketTimeoutException java.sql.SQLTransientConnectionException java.lang.IllegalStateException com.acme.base.BusinessException',
);

/** Frames of stacks; a stack is a run of them, so traces of one origin look alike, as they do. */
const FRAMES: readonly string[] = Array.from({ length: 900 }, (_, i) => {
  const logger = LOGGERS.values[Math.floor(i / 4) % LOGGERS.values.length]!;
  const name = logger.slice(logger.lastIndexOf('.') + 1);
  return `\tat ${logger}.${fixed.pick(['handle', 'invoke', 'doFilter', 'process', 'execute', 'load', 'save', 'lambda$run$0'])}(${name}.java:${fixed.between(20, 900)})`;
});

export class AppLogs implements LogKind {
  readonly name = 'app';
  readonly path = '/data/app/logs/application.log';
  readonly hasText = false;
  readonly #times = new TimeTexts();
  readonly #recent = new Recent();

  write(random: CorpusRandom, moment: LogMoment, notes: LogNotes): void {
    const { sink } = notes;
    const isCommon = random.chance(COMMON_WORD_SHARE);
    const template = TEMPLATES.pick(random);
    sink.beginLog(moment.time, moment.timeNs);
    sink.field(TIME, this.#times.iso(moment.time, moment.timeNs));
    sink.field(LEVEL, template.level);
    sink.field(LOGGER, template.logger);
    sink.field(
      THREAD,
      `${random.pick(['http-nio-8080-exec', 'worker', 'kafka'])}-${random.skewed(64)}`,
    );
    const body = this.#message(random, template.parts);
    const message = isCommon ? `[${COMMON_WORD}] ${body}` : body;
    sink.field(MESSAGE, random.chance(STACK_SHARE) ? message + makeStack(random) : message);
    if (random.chance(TRACE_SHARE)) {
      const trace = random.hex(32);
      sink.field(TRACE, trace);
      notes.unique(trace);
    }
    sink.endLog();
    if (isCommon) notes.common();
  }

  #message(random: CorpusRandom, parts: readonly Part[]): string {
    let message = '';
    for (const part of parts)
      message += typeof part === 'string' ? part : part(random, this.#recent);
    return message;
  }
}

function makeStack(random: CorpusRandom): string {
  const count = random.between(10, 40);
  const start = random.skewed(FRAMES.length - count);
  const lines = [
    `\n${random.pick(EXCEPTIONS)}: request ${random.hex(8)} of ${USERS.pick(random)} failed`,
    ...FRAMES.slice(start, start + count),
  ];
  if (random.chance(0.3))
    lines.push(`Caused by: ${random.pick(EXCEPTIONS)}: code ${random.below(500)}`);
  return lines.join('\n');
}
