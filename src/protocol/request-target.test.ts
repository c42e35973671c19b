import { expect, test } from 'vitest';

import { parseQuery, parseRequestTarget, percentDecode, percentEncode } from './request-target.ts';

test.each([
  ['/', { authority: undefined, path: '/', query: '' }],
  ['/a%20b?k=v?w', { authority: undefined, path: '/a%20b', query: 'k=v?w' }],
  ['/logstores?', { authority: undefined, path: '/logstores', query: '' }],
  ['http://p.sls.local:8080/x?y=1', { authority: 'p.sls.local:8080', path: '/x', query: 'y=1' }],
  ['HTTPS://p.sls.local', { authority: 'p.sls.local', path: '/', query: '' }],
  ['http://p.sls.local?y=1', { authority: 'p.sls.local', path: '/', query: 'y=1' }],
  ['*', { authority: undefined, path: '/*', query: '' }],
  ['', { authority: undefined, path: '/', query: '' }],
])('the target %s is taken apart', (target, expected) => {
  expect(parseRequestTarget(target)).toEqual(expected);
});

test('decoding never fails', () => {
  expect(percentDecode('a%20b%E4%B8%ADc')).toBe('a b中c');
  expect(percentDecode('100%')).toBe('100%');
  expect(percentDecode('%zz%4')).toBe('%zz%4');
  expect(percentDecode('%ff')).toBe('\uFFFD');
  expect(percentDecode('a+b')).toBe('a+b');
  expect(percentDecode('%00'.repeat(100_000))).toHaveLength(100_000);
});

test('queries keep their order, repeats and bare keys', () => {
  expect(parseQuery('b=1&a&b=&&c=x=y+z%2B')).toEqual([
    { key: 'b', value: '1', hasEquals: true },
    { key: 'a', value: '', hasEquals: false },
    { key: 'b', value: '', hasEquals: true },
    { key: 'c', value: 'x=y z+', hasEquals: true },
  ]);
  expect(parseQuery('')).toEqual([]);
});

test('encoding leaves only unreserved characters', () => {
  expect(percentEncode("AZaz09-_.~ /*'()!中")).toBe('AZaz09-_.~%20%2F%2A%27%28%29%21%E4%B8%AD');
  expect(percentEncode('\ud800')).toBe('%EF%BF%BD');
});
