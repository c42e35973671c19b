import { describe, expect, it } from 'vitest';
import { AppError } from '#base/app-error.ts';
import { testContext, type TestContext } from './command-fixture.ts';
import type { Command } from './command.ts';
import { dispatch } from './dispatch.ts';

const seen: (readonly string[])[] = [];

const COMMANDS: readonly Command[] = [
  { name: 'server', summary: 'goes on by itself', run: async () => undefined },
  {
    name: 'scrub',
    summary: 'looks for damage',
    run: async ({ argv }) => {
      seen.push(argv);
      return 1;
    },
  },
  {
    name: 'fail',
    summary: 'refuses',
    run: async () => {
      throw new AppError('Refused', 'cannot do it\u001B[2J');
    },
  },
  {
    name: 'crash',
    summary: 'has a mistake in it',
    run: async () => {
      throw new TypeError('a mistake');
    },
  },
];

async function run(
  ...argv: readonly string[]
): Promise<{ readonly code: number | undefined; readonly context: TestContext }> {
  const context = testContext(argv);
  const code = await dispatch({ commands: COMMANDS, version: '1.2.3' }, context);
  return { code, context };
}

describe('sluice', () => {
  it('runs the command with the words after it, and ends as the command says', async () => {
    expect((await run('scrub', '--repair', 'x')).code).toBe(1);
    expect(seen.at(-1)).toEqual(['--repair', 'x']);
    expect((await run('server')).code).toBeUndefined();
  });

  it('lists its commands', async () => {
    for (const word of ['--help', '-h', 'help']) {
      const { code, context } = await run(word);
      expect(code).toBe(0);
      expect(context.printed()).toMatch(/^Usage: sluice <command>[^]*\n {2}scrub {3}looks/);
    }
    const { code, context } = await run();
    expect(code).toBe(2);
    expect(context.printed()).toBe('');
    expect(context.complained()).toContain('Usage: sluice <command>');
  });

  it('asks a command for its help', async () => {
    await run('help', 'scrub');
    expect(seen.at(-1)).toEqual(['--help']);
    expect((await run('help', 'scrap')).context.complained()).toContain('did you mean scrub?');
  });

  it('prints its version', async () => {
    expect((await run('--version')).context.printed()).toBe('sluice 1.2.3\n');
  });

  it('suggests the command or option that was meant', async () => {
    const command = await run('scrb');
    expect(command.code).toBe(2);
    expect(command.context.complained()).toBe(
      'sluice: unknown command "scrb", did you mean scrub?\n',
    );
    expect((await run('backup')).context.complained()).toBe(
      'sluice: unknown command "backup", see sluice --help\n',
    );
    expect((await run('--verison')).context.complained()).toContain('did you mean --version?');
  });

  it('prints what a command throws, as JSON too where that was asked for', async () => {
    const plain = await run('fail');
    expect(plain.code).toBe(2);
    expect(plain.context.printed()).toBe('');
    expect(plain.context.complained()).toBe('sluice fail: cannot do it [2J\n');
    const json = await run('fail', '--json');
    expect(JSON.parse(json.context.printed())).toMatchObject({
      kind: 'error',
      errorCode: 'Refused',
    });
    const crashed = await run('crash');
    expect(crashed.code).toBe(2);
    expect(crashed.context.complained()).toMatch(/^sluice crash: a mistake\nTypeError: a mistake/);
  });
});
