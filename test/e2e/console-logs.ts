/** The logstore that the console's tests look at: what is in it is known to the row. */
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import type { Log, LogGroup } from '#protocol/log-group.ts';

export const PROJECT = 'console-e2e';
export const LOGSTORE = 'web-access';
export const QUIET_LOGSTORE = 'quiet';

/** Logs in all: three pages of the console. */
export const LOG_COUNT = 250;
/** Every tenth log, beginning with the first, is an error. */
export const ERROR_COUNT: number = LOG_COUNT / 10;
/** One log every two seconds. */
const STEP_SECONDS = 2;

/** The text of one log: markup that must stay text. */
export const HOSTILE_TEXT =
  '<img src="x" onerror="document.title=\'pwned\'"> <script>document.title=\'pwned\'</script>';

const METHODS = ['GET', 'GET', 'GET', 'POST', 'DELETE'];

const TEXT_KEY = {
  type: 'text',
  token: DEFAULT_TOKENS,
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
};
const LONG_KEY = { type: 'long', doc_value: true, alias: '' };

export const INDEX: object = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: {
    method: TEXT_KEY,
    status: LONG_KEY,
    latency_ms: LONG_KEY,
    message: TEXT_KEY,
    missing: LONG_KEY,
  },
  max_text_len: 2048,
};

/** The logs, oldest first, the newest at `endSeconds`. */
export function makeLogs(endSeconds: number): LogGroup {
  const logs = Array.from({ length: LOG_COUNT }, (_, index) => makeLog(index, endSeconds));
  const tags = [{ key: '__hostname__', value: 'web-1' }];
  return { logs, topic: 'access', source: '10.0.0.7', tags };
}

function makeLog(index: number, endSeconds: number): Log {
  const isError = index % 10 === 0;
  const contents = {
    method: METHODS[index % METHODS.length] ?? 'GET',
    status: isError ? '500' : '200',
    latency_ms: String(5 + (index % 40)),
    message: isError ? 'upstream "payments" reset' : `served /item/${index}`,
    ...(index === LOG_COUNT - 1 ? { note: HOSTILE_TEXT } : {}),
  };
  return {
    time: endSeconds - (LOG_COUNT - 1 - index) * STEP_SECONDS,
    contents: Object.entries(contents).map(([key, value]) => ({ key, value })),
  };
}
