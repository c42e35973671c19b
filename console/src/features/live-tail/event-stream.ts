import { AppError } from '#base/app-error.ts';
import { EVENT_CHARS_MAX } from '../../shared/limits.ts';

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Cuts server-sent events (WHATWG HTML §9.2.6) out of a text that comes in pieces. The browser's own `EventSource` cannot
 * send the header that tells our calls from those of other sites.
 */
export class EventStream {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #dataChars = 0;

  /** The events that this piece completes; comments and events without data are none. Throws `NoAnswer` for one without end. */
  push(piece: string): readonly ServerEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n/);
    this.#rest = lines.pop() ?? '';
    const events: ServerEvent[] = [];
    for (const line of lines) {
      const event = this.#take(line);
      if (event !== undefined) events.push(event);
    }
    if (this.#rest.length + this.#dataChars > EVENT_CHARS_MAX)
      throw new AppError('NoAnswer', 'the server sent an event that is too long');
    return events;
  }

  #take(line: string): ServerEvent | undefined {
    if (line === '') return this.#end();
    const [, name, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === 'event') this.#event = value;
    if (name === 'data') {
      this.#data.push(value);
      this.#dataChars += value.length;
    }
    return undefined;
  }

  #end(): ServerEvent | undefined {
    const found = { event: this.#event, data: this.#data.join('\n') };
    const hasData = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    this.#dataChars = 0;
    return hasData ? found : undefined;
  }
}
