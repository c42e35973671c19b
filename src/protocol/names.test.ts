import { describe, expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import { checkName, isName, type NameKind } from './names.ts';

const KINDS: readonly [NameKind, good: readonly string[], bad: readonly string[]][] = [
  [
    'project',
    ['abc', 'a-1', '0a0', 'p'.repeat(63)],
    ['ab', 'p'.repeat(64), 'Abc', '-ab', 'ab-', 'a_b', 'a.b', 'abc\n', ''],
  ],
  [
    'logstore',
    ['ab', 'app_log', 'a-b_c', 'internal-operation_log', 'l'.repeat(63)],
    ['a', 'l'.repeat(64), 'App', '_ab', 'ab_', 'a b', 'a/b', 'ab\n', ''],
  ],
  ['config', ['ab', 'c'.repeat(128)], ['a', 'c'.repeat(129), 'aB', 'ab-']],
  ['machineGroup', ['ab', 'g'.repeat(128)], ['a', 'g'.repeat(129), '-ab']],
  ['consumerGroup', ['cg', 'My_Group-1', 'g'.repeat(256)], ['c', 'g'.repeat(257), 'a.b', 'a b']],
  ['consumer', ['c', 'host.1:99', '消费者'], ['', 'c'.repeat(257), 'a\nb', 'a\u0000']],
  ['savedSearch', ['a1', 'Alert-1'], ['a', 'a b']],
  ['dashboard', ['dashboard-1'], ['a', 'a/b']],
  ['job', ['alert-1600000000-123456'], ['', 'j'.repeat(65)]],
];

describe.each(KINDS)('%s', (kind, good, bad) => {
  test('tells good names from bad ones', () => {
    for (const name of good) expect([name, isName(kind, name)]).toEqual([name, true]);
    for (const name of bad) expect([name, isName(kind, name)]).toEqual([name, false]);
  });
});

test.each([
  ['project', 'ParameterInvalid', 'project name "A" is invalid'],
  ['logstore', 'LogStoreInfoInvalid', 'logstore name "A" is invalid'],
  ['config', 'InvalidParameter', 'config name "A" is invalid'],
] as const)('a bad %s name gives %s', (kind, code, message) => {
  let thrown: unknown;
  try {
    checkName(kind, 'A');
  } catch (error) {
    thrown = error;
  }
  expect(errorCode(thrown)).toBe(code);
  expect(thrown).toHaveProperty('message', message);
});

test('a good name passes', () => {
  expect(() => {
    checkName('project', 'demo-project');
  }).not.toThrow();
});
