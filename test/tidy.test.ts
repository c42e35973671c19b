/**
 * Goal: the structure that ARCHITECTURE.md and STYLE.md describe is the structure that exists.
 * Method: parse every source file, collect its imports, hold them against the room table. Every check fails
 * when it looks at nothing.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import {
  BANNED_TEXT,
  BROWSER_ROOMS,
  CONSOLE_ROOMS,
  ENTRY_FILES,
  ROOM_LAYERS,
  SAME_LAYER_EDGES,
} from './tidy/rooms.ts';

interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const ROOT = join(import.meta.dirname, '..');

function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(ROOT, path)).isDirectory()) return listFiles(path);
    return /\.tsx?$/u.test(name) ? [path] : [];
  });
}

/** AssemblyScript decorates functions (`@inline`), which TypeScript has no syntax for. */
const FUNCTION_DECORATORS = /^ *@[a-z]+(?:\([^)]*\))?/gmu;

function readSource(path: string): SourceFile {
  const written = readFileSync(join(ROOT, path), 'utf8');
  const isAssembly = path.startsWith('src/kernel/assembly/');
  const text = isAssembly ? written.replaceAll(FUNCTION_DECORATORS, '') : written;
  const { module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`cannot parse ${path}: ${errors[0]?.message}`);
  const imports = [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) =>
      entry.entries.flatMap((item) => (item.moduleRequest ? [item.moduleRequest.value] : [])),
    ),
    ...module.dynamicImports.map((entry) =>
      text.slice(entry.moduleRequest.start + 1, entry.moduleRequest.end - 1),
    ),
  ];
  return { path, text, imports };
}

/** The repository path of an import, or undefined for packages and `node:`. */
function resolve(from: string, request: string): string | undefined {
  if (request.startsWith('#')) return `src/${request.slice(1)}`;
  if (request.startsWith('.')) return normalize(join(dirname(from), request));
  return undefined;
}

const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//u.exec(path)?.[1];
const byText = (a = '', b = ''): number => (a < b ? -1 : Number(a > b));
const isTest = (path: string): boolean => /\.(?:test|bench)\.tsx?$/u.test(path);

const sources = [...listFiles('src'), ...listFiles('console/src')].map(readSource);
const production = sources.filter((file) => !isTest(file.path));
const everything = [...sources, ...[...listFiles('test'), ...listFiles('bench')].map(readSource)];

describe('rooms', () => {
  test('the test sees the tree', () => {
    expect(production.length).toBeGreaterThan(40);
    expect(production.flatMap((file) => file.imports).length).toBeGreaterThan(100);
  });

  test('every folder of src is in the table and every room has files', () => {
    const rooms = new Set(production.map((file) => roomOf(file.path)).filter((room) => room));
    expect([...rooms].toSorted(byText)).toEqual(Object.keys(ROOM_LAYERS).toSorted(byText));
  });

  test('imports go down, or along a listed edge', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const from = roomOf(file.path);
      for (const request of file.imports) {
        const target = resolve(file.path, request);
        const to = target === undefined ? undefined : roomOf(target);
        if (from === undefined || to === undefined || from === to) continue;
        const down = (ROOM_LAYERS[to] ?? 99) < (ROOM_LAYERS[from] ?? -1);
        if (!down && !(`${from} -> ${to}` in SAME_LAYER_EDGES) && !isTest(file.path))
          wrong.push(`${file.path} imports ${request}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('rooms are addressed by #room/file.ts from outside and by relative paths from inside', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const room = roomOf(file.path);
      for (const request of file.imports) {
        const target = resolve(file.path, request);
        if (target === undefined || room === undefined) continue;
        if (request.startsWith('.') && roomOf(target) !== room)
          wrong.push(`${file.path} leaves its room: ${request}`);
        if (request.startsWith('#') && roomOf(target) === room)
          wrong.push(`${file.path} names its own room: ${request}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('no barrels', () => {
    expect(
      production.map((file) => file.path).filter((path) => /\/index\.tsx?$/u.test(path)),
    ).toEqual([]);
  });

  test('every file is imported by another or is an entry', () => {
    const imported = new Set(
      everything.flatMap((file) => file.imports.map((request) => resolve(file.path, request))),
    );
    const extensionless = new Set([...imported].map((path) => path?.replace(/\.tsx?$/u, '')));
    const dead = production
      .map((file) => file.path)
      .filter((path) => !path.endsWith('.d.ts'))
      .filter((path) => !extensionless.has(path.replace(/\.tsx?$/u, '')))
      .filter((path) => !ENTRY_FILES.some((pattern) => pattern.test(path)));
    expect(dead).toEqual([]);
  });
});

describe('browser', () => {
  test('rooms that run in the browser use nothing of Node', () => {
    const files = production.filter((file) => BROWSER_ROOMS.includes(roomOf(file.path) ?? ''));
    expect(files.length).toBeGreaterThan(3);
    const wrong = files.filter((file) =>
      file.imports.some((request) => request.startsWith('node:')),
    );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test('the console imports only its rooms, and nothing there reaches Node', () => {
    const byPath = new Map(production.map((file) => [file.path, file]));
    const queue = production.filter((file) => file.path.startsWith('console/'));
    expect(queue.length).toBeGreaterThan(5);
    const wrong: string[] = [];
    const seen = new Set<string>();
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (seen.has(file.path)) continue;
      seen.add(file.path);
      for (const request of file.imports) {
        const target = resolve(file.path, request);
        const room = target === undefined ? undefined : roomOf(target);
        if (request.startsWith('node:') || (room !== undefined && !CONSOLE_ROOMS.includes(room)))
          wrong.push(`${file.path} imports ${request}`);
        const next = target === undefined ? undefined : byPath.get(target);
        if (next !== undefined) queue.push(next);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('text', () => {
  test.each(BANNED_TEXT.map((ban) => [ban.pattern.source, ban] as const))('no %s', (_name, ban) => {
    const wrong = production
      .filter((file) => !ban.except.some((pattern) => pattern.test(file.path)))
      .filter((file) => ban.pattern.test(file.text))
      .map((file) => `${file.path}: use ${ban.instead}`);
    expect(wrong).toEqual([]);
  });

  test('files are kebab-case', () => {
    const names = everything.map((file) => file.path.split('/').at(-1) ?? '');
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.tsx?$/u.test(name))).toEqual([]);
  });
});

describe('the checks themselves', () => {
  test('each banned pattern finds its example', () => {
    const examples = [
      'process.env.HOME',
      'Date.now()',
      'Math.random()',
      'dangerouslySetInnerHTML',
      ['FIX', 'ME'].join(''),
      "export * from './x.ts'",
      'partitionKey journal',
    ];
    expect(BANNED_TEXT.map((ban, i) => ban.pattern.test(examples[i] ?? ''))).toEqual(
      BANNED_TEXT.map(() => true),
    );
  });

  test('imports are found in every form', () => {
    const file = 'src/base/x.ts';
    const { module } = parseSync(
      file,
      "import a from './a.ts'; export { b } from './b.ts'; await import('./c.ts');",
    );
    expect(
      module.staticImports.length + module.staticExports.length + module.dynamicImports.length,
    ).toBe(3);
  });
});
