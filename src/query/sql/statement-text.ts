/** What is read from and written to the text of a statement without parsing it: its session and its added limit. */
const SET_SESSION = /^\s*set\s+session\s+([^;]*);/i;

/**
 * Whether a statement reads fields without an index. Settings come before it (`set session mode=scan;`) or beside it
 * (`session`); those without a meaning here are passed over (sls-query §3.1).
 */
export function isScan(text: string, session: string | undefined): boolean {
  const settings = [session ?? ''];
  let rest = text;
  for (let found = SET_SESSION.exec(rest); found !== null; found = SET_SESSION.exec(rest)) {
    settings.push(found[1] ?? '');
    rest = rest.slice(found[0].length);
  }
  return settings.some((setting) => /\bmode\s*=\s*'?scan\b/i.test(setting));
}

/** The user's text with the limit that was added to it, if one was. */
export function insertedSql(text: string, limited: number | undefined): string {
  const statement = text.trim().replace(/[\s;]+$/, '');
  if (limited === undefined) return text.trim();
  // A comment to the end of the line would swallow it.
  const blank = statement.lastIndexOf('--') > statement.lastIndexOf('\n') ? '\n' : ' ';
  return `${statement}${blank}limit ${limited}`;
}
