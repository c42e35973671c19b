import { AppError } from '#base/app-error.ts';
import type { LogRow } from '../../shared/log-types.ts';
import type { ServerEvent } from './event-stream.ts';
import type { DropReason, TailEvent } from './tail-state.ts';

/**
 * An event of the server; undefined for one that a newer server may have. Throws what an `error` event says, and
 * `NoAnswer` for data that cannot be read.
 */
export function readTailEvent({ event, data }: ServerEvent): TailEvent | undefined {
  switch (event) {
    case 'logs':
      return { kind: 'logs', rows: parsed(data) as readonly LogRow[] };
    case 'dropped': {
      const { reason, count } = parsed(data) as { reason: DropReason; count: number };
      return { kind: 'dropped', reason, count };
    }
    case 'error': {
      const said = parsed(data) as { errorCode: string; errorMessage: string };
      throw new AppError(said.errorCode, said.errorMessage);
    }
    default:
      return undefined;
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch (cause) {
    throw new AppError('NoAnswer', 'the server sent an event that is not JSON', { cause });
  }
}
