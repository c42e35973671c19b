import { expect, test } from 'vitest';
import { AppError } from '#base/app-error.ts';
import { errorView, isSignedOut, requestUrl } from './api.ts';

test('parameters are percent-encoded', () => {
  expect(requestUrl({ path: '/logstores/a', parameters: { query: 'a & b "c"|中', from: 1 } })).toBe(
    '/logstores/a?query=a%20%26%20b%20%22c%22%7C%E4%B8%AD&from=1',
  );
  expect(requestUrl({ path: '/logstores' })).toBe('/logstores');
});

test('an error of the server is shown in its words', () => {
  const details = { status: 401, requestId: 'ABC' };
  const error = new AppError('Unauthorized', 'no such key', { details });
  expect(errorView(error)).toEqual({
    code: 'Unauthorized',
    message: 'no such key',
    requestId: 'ABC',
  });
  expect(isSignedOut(error)).toBe(true);
  expect(isSignedOut(new Error('x'))).toBe(false);
  expect(errorView(new TypeError('broken'))).toMatchObject({ message: 'broken' });
});
