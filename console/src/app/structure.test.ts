import { expect, test } from 'vitest';

/** Every source file of the console by its path from here. */
const files: Readonly<Record<string, string>> = import.meta.glob('../**/*.{ts,tsx}', {
  query: '?raw',
  import: 'default',
  eager: true,
});

test('features never import each other, and shared imports no feature', () => {
  const paths = Object.keys(files);
  expect(paths.length).toBeGreaterThan(40);
  const wrong = paths.flatMap((path) => {
    const imports = [...(files[path] ?? '').matchAll(/from '(\.[^']+)'/g)].map((match) => match[1]);
    const isInner = path.startsWith('../features/') || path.startsWith('../shared/');
    return imports
      .filter((request) => isInner && /^\.\.\/(?!\.\.\/shared\/)/.test(request ?? ''))
      .map((request) => `${path} imports ${request}`);
  });
  expect(wrong).toEqual([]);
});
