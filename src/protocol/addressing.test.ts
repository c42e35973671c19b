import { describe, expect, test } from 'vitest';

import { hostName, resolveProject, type AddressingOptions } from './addressing.ts';

const OPTIONS: AddressingOptions = {
  baseDomains: ['sls.local', 'eu.sls.local', 'sls'],
  hostProjects: new Map([
    ['logs.example.org', 'custom'],
    ['intranet', 'inner'],
  ]),
  defaultProject: undefined,
};

interface Given {
  readonly host?: string;
  readonly header?: string;
  readonly path?: string;
  readonly defaultProject?: string;
}

function resolve(given: Given): string | undefined {
  return resolveProject(
    {
      host: given.host,
      projectHeader: given.header,
      path: given.path ?? '/logstores',
    },
    { ...OPTIONS, defaultProject: given.defaultProject },
  );
}

describe('resolveProject', () => {
  test.each<[string, Given, string | undefined]>([
    ['the header comes before all', { header: ' p1 ', host: 'p2.sls.local' }, 'p1'],
    ['an empty header is none', { header: ' ', host: 'p2.sls.local' }, 'p2'],
    [
      'the Prometheus path comes before the host',
      { path: '/prometheus/p%31/store/api/v1/write', host: 'p2.sls.local' },
      'p1',
    ],
    ['an IPv4 address names none', { host: '127.0.0.1:8080' }, undefined],
    ['an IPv6 address names none', { host: '[::1]:8080' }, undefined],
    ['localhost names none', { host: 'localhost:8080' }, undefined],
    ['a base domain names none', { host: 'SLS.local.' }, undefined],
    ['the longest base domain counts', { host: 'eu.sls.local' }, undefined],
    ['a label before a base domain', { host: 'my-p.sls.local:80' }, 'my-p'],
    ['a label before the longest base domain', { host: 'p.eu.sls.local' }, 'p'],
    ['labels before a base domain', { host: 'a.b.sls.local' }, 'a.b'],
    ['a label before a one-label base domain', { host: 'p.sls' }, 'p'],
    ['a label before an IPv4 address', { host: 'p.127.0.0.1:8080' }, 'p'],
    ['a label before localhost', { host: 'P.localhost' }, 'p'],
    ['a custom domain', { host: 'Logs.example.org:443' }, 'custom'],
    ['a custom domain without dot', { host: 'intranet' }, 'inner'],
    ['the first label of any other name', { host: 'p.cn-hangzhou.log.aliyuncs.com' }, 'p'],
    ['a name without dot names none', { host: 'server' }, undefined],
    ['no host names none', {}, undefined],
    ['an empty label names none', { host: '.sls.local' }, undefined],
    ['five numbers are not a label before an address', { host: '1.2.3.4.5' }, '1'],
    ['256 is no part of an address', { host: '256.1.1.1' }, '256'],
  ])('%s', (_name, given, project) => {
    expect(resolve(given)).toBe(project);
  });

  test('the default project answers for project-level paths only', () => {
    const given = { host: '127.0.0.1', defaultProject: 'main' };
    expect(resolve({ ...given, path: '/logstores' })).toBe('main');
    expect(resolve({ ...given, path: '/logstores/a/shards/lb' })).toBe('main');
    expect(resolve({ ...given, path: '/configs' })).toBe('main');
    for (const path of ['/', '/regions', '/resources/r/records', '/topostores', '/health']) {
      expect(resolve({ ...given, path })).toBe(undefined);
    }
    expect(resolve({ ...given, host: 'server' })).toBe('main');
    expect(resolve({ ...given, host: 'p.sls.local' })).toBe('p');
  });
});

test.each([
  ['Host.Example:80', 'host.example'],
  ['host.', 'host'],
  ['host.:80', 'host'],
  ['[::1]:80', '::1'],
  ['[::1', ''],
  ['::1', '::1'],
  ['user@host:1', 'host'],
  ['', ''],
])('the host of %s is %s', (authority, host) => {
  expect(hostName(authority)).toBe(host);
});
