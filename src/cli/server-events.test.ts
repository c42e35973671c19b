import { expect, it } from 'vitest';
import { EVENT_CHARS_MAX } from './limits.ts';
import { readEvents, type ServerEvent } from './server-events.ts';

async function eventsOf(lines: readonly string[]): Promise<readonly ServerEvent[]> {
  async function* given(): AsyncGenerator<string> {
    yield* lines;
  }
  return await Array.fromAsync(readEvents(given()));
}

it('events end with an empty line, and comments are none', async () => {
  const lines = [': hello', '', 'event: logs', 'data: [1]', '', ':', 'data:x', '', 'data: cut'];
  expect(await eventsOf(lines)).toEqual([
    { event: 'logs', data: '[1]' },
    { event: 'message', data: 'x' },
  ]);
});

it('lines of data are joined, names without data are no event, line ends may be those of Windows', async () => {
  const lines = [
    'event: a\r',
    'data: 1\r',
    'data:  2\r',
    '\r',
    'event: b',
    '',
    'data',
    'id: 7',
    '',
  ];
  expect(await eventsOf(lines)).toEqual([
    { event: 'a', data: '1\n 2' },
    { event: 'message', data: '' },
  ]);
});

it('an event without end is refused', async () => {
  const half = `data:${'x'.repeat(EVENT_CHARS_MAX / 2)}`;
  await expect(eventsOf([half, half, half])).rejects.toMatchObject({ code: 'AnswerInvalid' });
});
