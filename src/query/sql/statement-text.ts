/** What is read from and written to the text of a statement without parsing it: its session and its added limit. */
import { AppError } from '#base/app-error.ts';

const SET_SESSION = /^\s*set\s+session\s+([^;]*);/i;

/**
 * Settings come before the statement (`set session mode=scan;`) or beside it (`session`); those without a meaning here are
 * passed over (sls-query §3.1). Errors: ParameterInvalid for `mode=scan`.
 */
export function checkSession(text: string, session: string | undefined): void {
  const settings = [session ?? ''];
  let rest = text;
  for (let found = SET_SESSION.exec(rest); found !== null; found = SET_SESSION.exec(rest)) {
    settings.push(found[1] ?? '');
    rest = rest.slice(found[0].length);
  }
  if (settings.some((setting) => /\bmode\s*=\s*'?scan\b/i.test(setting)))
    throw new AppError(
      'ParameterInvalid',
      'scan mode is not supported, please create an index and query without mode=scan',
    );
}

/** The user's text with the limit that was added to it, if one was. */
export function insertedSql(text: string, limited: number | undefined): string {
  const statement = text.trim().replace(/[\s;]+$/, '');
  if (limited === undefined) return text.trim();
  // A comment to the end of the line would swallow it.
  const blank = statement.lastIndexOf('--') > statement.lastIndexOf('\n') ? '\n' : ' ';
  return `${statement}${blank}limit ${limited}`;
}
