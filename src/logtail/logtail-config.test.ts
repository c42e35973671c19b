import { describe, expect, test } from 'vitest';
import { parseLogtailConfig } from './logtail-config.ts';

const base = {
  endpoint: 'http://127.0.0.1:8080',
  accessKeyId: 'id',
  accessKeySecret: 'hidden-secret',
  stateDirectory: '/var/lib/sluice/logtail',
  inputs: [{ name: 'web', paths: ['/var/log/**/*.log'], project: 'p1', logstore: 'web' }],
};
const parse = (config: unknown): unknown => parseLogtailConfig(JSON.stringify(config));

describe('configuration', () => {
  test('the smallest one has all defaults', () => {
    expect(parse(base)).toMatchObject({
      signature: 'v4',
      inputs: [{ startAt: 'beginning', maxDepth: 16, exclude: [], tags: {}, topic: '' }],
      limits: { batchBytes: 524_288, batchLogs: 4096, lingerMs: 2000, flushTimeoutMs: 60_000 },
    });
  });

  test.each([
    [{ ...base, endpont: 'x' }, 'endpont'],
    [{ ...base, inputs: [{ ...base.inputs[0], pth: 1 }] }, 'inputs.0: '],
    [
      { ...base, inputs: [{ ...base.inputs[0], paths: ['x'] }] },
      'inputs.0.paths.0: a path is absolute',
    ],
    [{ ...base, limits: { lingerMs: -1 } }, 'limits.lingerMs'],
    [{ ...base, inputs: [base.inputs[0], base.inputs[0]] }, 'inputs: names must differ'],
    [{ ...base, accessKeySecret: undefined }, 'go together'],
    [{ ...base, accessKeyFile: '/k' }, 'not both'],
    [{ ...base, endpoint: 'http://u:hidden-secret@h' }, 'endpoint'],
    [{ ...base, inputs: [{ ...base.inputs[0], tags: { __path__: 'x' } }] }, 'reserved'],
  ])('mistake %# is named by its path and shows no secret', (config, text) => {
    const problem = (() => {
      try {
        parse(config);
        return '';
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
    })();
    expect(problem).toContain(text);
    expect(problem).not.toContain('hidden-secret');
  });

  test('text that is not json', () => {
    expect(() => parseLogtailConfig('{')).toThrow('not json');
  });
});
