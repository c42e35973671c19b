/**
 * The path language of inputs. A pattern is an absolute path whose components may hold `*` (any run of characters),
 * `?` (one character) and `[a-z]` / `[!a-z]`; none of them crosses a `/`. One component may be `**`, only directly
 * before the file name: any number of folders, up to `maxDepth`. A leading dot needs no special care.
 */
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';

export interface PathPattern {
  readonly text: string;
  /** The folder above the first component with a wildcard. */
  readonly base: string;
  /** One test a folder component below `base`. */
  readonly directories: readonly RegExp[];
  /** Whether any number of folders may follow. */
  readonly recursive: boolean;
  readonly file: RegExp;
}

/** Names that are never collected: compressed and archived logs. */
const NEVER = /\.(?:gz|bz|bz2|xz|zst|zip|tar|tgz)$/u;
const WILDCARD = /[*?[]/u;

function componentSource(component: string): string {
  let source = '';
  for (let i = 0; i < component.length; i++) {
    const char = must(component[i], 'a character in range');
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = component.indexOf(']', i + 2);
      if (end < 0) source += '\\[';
      else {
        const body = component.slice(i + 1, end);
        const negated = body.startsWith('!') || body.startsWith('^');
        const members = (negated ? body.slice(1) : body).replace(/[\\\]^[]/gu, '\\$&');
        source += `[${negated ? '^/' : ''}${members}]`;
        i = end;
      }
    } else source += char.replace(/[\\^$.|+(){}[\]/]/u, '\\$&');
  }
  return source.replaceAll(/(?:\[\^\/\]\*){2,}/gu, '[^/]*');
}

function compileComponent(component: string): RegExp {
  try {
    return new RegExp(`^${componentSource(component)}$`, 'su');
  } catch {
    throw new AppError('ConfigInvalid', `cannot use the pattern component ${component}`);
  }
}

/** Removes `//`, `.`, `..` and a trailing `/`. */
function normalise(path: string): string[] {
  const components: string[] = [];
  for (const component of path.split('/')) {
    if (component === '' || component === '.') continue;
    if (component === '..') components.pop();
    else components.push(component);
  }
  return components;
}

/** Throws `ConfigInvalid` when the text is not absolute, names no file or holds a `**` elsewhere. */
export function compilePattern(text: string): PathPattern {
  if (!text.startsWith('/') || text.endsWith('/'))
    throw new AppError('ConfigInvalid', 'a path is absolute and ends with a file name');
  const components = normalise(text);
  const file = components.pop();
  if (file === undefined || file.includes('**'))
    throw new AppError('ConfigInvalid', 'a path ends with a file name');
  const recursive = components.at(-1) === '**';
  if (recursive) components.pop();
  if (components.some((component) => component.includes('**')))
    throw new AppError('ConfigInvalid', '** may only stand directly before the file name');
  const first = components.findIndex((component) => WILDCARD.test(component));
  const fixed = first < 0 ? components : components.slice(0, first);
  return {
    text,
    base: `/${fixed.join('/')}`,
    directories: (first < 0 ? [] : components.slice(first)).map(compileComponent),
    recursive,
    file: compileComponent(file),
  };
}

/** True for names that no pattern collects. */
export function isNeverCollected(name: string): boolean {
  return NEVER.test(name);
}

/**
 * A test for excluded paths: a text without `/` names files or folders anywhere, one with `/` is an absolute path
 * (`**` may stand for any number of folders); what lies below an excluded folder is excluded with it.
 */
export function compileExcludes(texts: readonly string[]): (path: string) => boolean {
  const names: RegExp[] = [];
  const paths: RegExp[] = [];
  for (const text of texts) {
    if (!text.includes('/')) names.push(compileComponent(text));
    else {
      const source = normalise(text)
        .map((part) => (part === '**' ? '(?:[^/]+/)*' : `${componentSource(part)}/`))
        .join('');
      paths.push(new RegExp(`^/${source}$`, 'su'));
    }
  }
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return names.some((test) => test.test(name)) || paths.some((test) => test.test(`${path}/`));
  };
}
