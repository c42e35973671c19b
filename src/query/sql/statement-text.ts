/** What is read from and written to the text of a statement without parsing it: its session and its added limit. */
import { AppError } from '#base/app-error.ts';

const SET_SESSION = /^\s*set\s+session\s+([^;]*);/i;

/**
 * Whether a statement reads fields without an index. Settings come before it (`set session mode=scan;`) or beside it
 * (`session`); those without a meaning here are passed over (sls-query §3.1).
 */
export function isScan(text: string, session: string | undefined): boolean {
  return settingsOf(text, session).some((setting) => /\bmode\s*=\s*'?scan\b/i.test(setting));
}

const TIME_ZONE = /\btime_?zone\s*=\s*['"]?(?<name>[^'"\s,]+)/i;

/**
 * The zone in which a statement reads and shows times (`set session time_zone='UTC';`), as IANA names it; undefined: the
 * server's. Errors: ParameterInvalid when there is no such zone.
 */
export function timeZoneOf(text: string, session: string | undefined): string | undefined {
  const found = settingsOf(text, session).map((one) => TIME_ZONE.exec(one)?.groups?.['name']);
  const name = found.findLast((one) => one !== undefined);
  if (name === undefined) return undefined;
  try {
    // Zones that are only an offset have no name that the engine knows.
    if (/^[a-z]/i.test(name))
      return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    // It is said below.
  }
  throw new AppError(
    'ParameterInvalid',
    `Time zone not supported: ${name}; please use a name like Asia/Shanghai or UTC`,
  );
}

/** What stands beside the statement, then what stands before it. */
function settingsOf(text: string, session: string | undefined): readonly string[] {
  return [session ?? '', ...sessionPrefix(text).settings];
}

/** The settings that a text begins with, and how many of its characters they take. */
export function sessionPrefix(text: string): {
  readonly settings: readonly string[];
  readonly length: number;
} {
  const settings: string[] = [];
  let length = 0;
  for (;;) {
    const found = SET_SESSION.exec(text.slice(length));
    if (found === null) return { settings, length };
    settings.push(found[1] ?? '');
    length += found[0].length;
  }
}

/** The user's text with the limit that was added to it, if one was. */
export function insertedSql(text: string, limited: number | undefined): string {
  const statement = text.trim().replace(/[\s;]+$/, '');
  if (limited === undefined) return text.trim();
  // A comment to the end of the line would swallow it.
  const blank = statement.lastIndexOf('--') > statement.lastIndexOf('\n') ? '\n' : ' ';
  return `${statement}${blank}limit ${limited}`;
}
