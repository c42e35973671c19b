/** Server-sent events (WHATWG HTML §9.2) out of the lines of an answer; only what the server sends: no ids, no retry. */
import { AppError } from '#base/app-error.ts';
import { EVENT_CHARS_MAX } from './limits.ts';

export interface ServerEvent {
  /** `message` when the server names none. */
  readonly event: string;
  readonly data: string;
}

/** Complete events; one that is cut off is none. Errors: AnswerInvalid (an event without end), those of the lines. */
export async function* readEvents(
  lines: AsyncIterable<string>,
): AsyncGenerator<ServerEvent, void, void> {
  let event = 'message';
  let data: string[] = [];
  let chars = 0;
  for await (const ended of lines) {
    const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n') };
      event = 'message';
      data = [];
      chars = 0;
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /u, '');
    if (name === 'event') event = value;
    if (name !== 'data') continue;
    chars += value.length;
    if (chars > EVENT_CHARS_MAX)
      throw new AppError('AnswerInvalid', 'the server sends an event without end');
    data.push(value);
  }
}
