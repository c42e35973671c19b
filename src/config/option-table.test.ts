import { describe, expect, it } from 'vitest';
import { MIB } from '#base/units.ts';
import { helpText, parseOptions } from './option-table.ts';
import { SERVER_OPTIONS, type ServerConfig } from './server-options.ts';

function parse(argv: readonly string[], env: Readonly<Record<string, string>> = {}): ServerConfig {
  const parsed = parseOptions(SERVER_OPTIONS, { argv, env });
  if (parsed.kind !== 'config') throw new Error('help was not asked for');
  return parsed.config;
}

describe('server options', () => {
  it('have defaults', () => {
    expect(parse([])).toEqual({
      dataDirectory: './sluice-data',
      listen: { host: '127.0.0.1', port: 8080 },
      durability: 'fsync',
      baseDomains: [],
      defaultProject: undefined,
      region: 'local',
      timeWindow: 'any',
      timeZone: 'Asia/Shanghai',
      queryMemoryBytes: undefined,
      ipDatabases: [],
      threatList: undefined,
      phoneDatabase: undefined,
      trustProxy: false,
      logLevel: 'info',
      json: false,
      rootAccessKeyId: undefined,
      rootAccessKeySecret: undefined,
    });
  });

  it('come from flags before the environment', () => {
    const env = { SLUICE_DATA_DIR: '/env', SLUICE_DURABILITY: 'os', SLUICE_REGION: '' };
    const config = parse(['--data-dir', '/flag', '--json', '--query-memory=512M'], env);
    expect(config).toMatchObject({
      dataDirectory: '/flag',
      durability: 'os',
      region: 'local',
      json: true,
      queryMemoryBytes: 512 * MIB,
    });
  });

  it('read addresses in all forms', () => {
    for (const [text, host, port] of [
      ['10.0.0.1:80', '10.0.0.1', 80],
      ['[::1]:81', '::1', 81],
      [':82', '::', 82],
      ['83', '127.0.0.1', 83],
      ['localhost:0', 'localhost', 0],
    ] as const)
      expect(parse(['--listen', text]).listen).toEqual({ host, port });
    for (const text of ['', 'host', 'a:b', '1:70000', '::1:80'])
      expect(() => parse([`--listen=${text}`])).toThrow(/^--listen/);
  });

  it('may repeat lists', () => {
    const config = parse(['--base-domain', 'A.test,b.test', '--base-domain', 'c.test']);
    expect(config.baseDomains).toEqual(['a.test', 'b.test', 'c.test']);
    expect(parse(['--region', 'one', '--region', 'two']).region).toBe('two');
  });

  it('that are unknown or wrong are refused with a hint', () => {
    expect(() => parse(['--data-dri', 'x'])).toThrow(
      'unknown option --data-dri, did you mean --data-dir?',
    );
    expect(() => parse(['--entirely-else'])).toThrow('unknown option --entirely-else, see --help');
    expect(() => parse(['word'])).toThrow('unexpected word "word"');
    expect(() => parse(['--listen'])).toThrow('--listen needs a value: --listen <host:port>');
    expect(() => parse(['--durability', 'maybe'])).toThrow(
      '--durability "maybe": it is neither fsync nor os',
    );
    expect(() => parse(['--query-memory', '1M'])).toThrow('it is less than 64M');
    expect(parse(['--time-zone', 'Europe/Berlin']).timeZone).toBe('Europe/Berlin');
    expect(() => parse(['--time-zone', 'Mars/Base'])).toThrow('it is not a time zone');
  });

  it('never repeat a secret', () => {
    const env = { SLUICE_ROOT_ACCESS_KEY_SECRET: 'short' };
    expect(() => parse([], env)).toThrow(
      /^SLUICE_ROOT_ACCESS_KEY_SECRET: it is shorter than 8 characters$/,
    );
  });

  it('explain themselves', () => {
    expect(parseOptions(SERVER_OPTIONS, { argv: ['--listen', 'x', '--help'], env: {} })).toEqual({
      kind: 'help',
    });
    const help = helpText('sluice server [options]', SERVER_OPTIONS);
    expect(help).toMatch(/^Usage: sluice server \[options\]\n/);
    for (const option of Object.values(SERVER_OPTIONS))
      expect(help).toContain(option.flag ?? option.env ?? 'an option has a name');
    expect(help).toContain('(default 127.0.0.1:8080; env SLUICE_LISTEN)');
  });
});
