import { expect, it } from 'vitest';
import { parseOptions } from './option-table.ts';
import { nameQuery } from './client-options.ts';
import { TAIL_OPTIONS, type TailConfig } from './tail-options.ts';

function configOf(argv: readonly string[]): TailConfig {
  const parsed = parseOptions(TAIL_OPTIONS, { argv: nameQuery(argv, TAIL_OPTIONS), env: {} });
  if (parsed.kind === 'help') throw new Error('it asks for help');
  return parsed.config;
}

it('the query may stand anywhere, with or without its flag', () => {
  expect(configOf(['--project', 'p', 'a b', '--logstore=l', '--json'])).toMatchObject({
    projectName: 'p',
    logstoreName: 'l',
    query: 'a b',
    json: true,
  });
  expect(configOf(['level:x']).query).toBe('level:x');
  expect(configOf(['--json', 'x']).query).toBe('x');
  expect(configOf(['--query', '--x']).query).toBe('--x');
  expect(configOf(['--back', '0', '--', '--project']).query).toBe('--project');
  expect(configOf([]).query).toBe('*');
});

it('a query of several words without quotes is refused with advice', () => {
  expect(() => configOf(['disk', 'full'])).toThrow("put it in quotes, 'disk full'");
});

it('as many logs as the server gives may be asked for', () => {
  expect(configOf(['--back', '500']).backCount).toBe(500);
  for (const count of ['501', '-1', 'ten', '1e2'])
    expect(() => configOf([`--back=${count}`])).toThrow('from 0 to 500');
});
