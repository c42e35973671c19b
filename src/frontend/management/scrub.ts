/**
 * `POST /scrubs?repair=true|false`: checks everything the server stores. The answer streams one JSON object a line
 * (`#backend/scrub-lines.ts` has their forms) until the scrub ends; going away ends the scrub.
 */
import { AppError } from '#base/app-error.ts';
import { encodeScrubLine, scrubLines, type ScrubLine } from '#backend/scrub-lines.ts';
import { errorFacts, isInternalError } from '../error-reply.ts';
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from '../sls/operation.ts';
import { booleanOf, queryParameter } from '../sls/parameters.ts';

/** Errors: ParameterInvalid, ScrubInProgress; later ones come as the last line. */
export async function createScrub(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const repair = booleanOf(queryParameter(call, 'repair'));
  if (repair === null) throw new AppError('ParameterInvalid', 'repair is not true or false');
  const { backend, catalog, clock } = rooms;
  const lines = scrubLines(
    { repair: repair ?? false, signal: call.signal },
    { scrubber: backend, catalog, clock },
  );
  // What is refused at once is refused with a status; the first line comes within a second.
  const first = await lines.next();
  const onError = (error: unknown): void => {
    if (isInternalError(error) && !call.signal.aborted)
      rooms.logger.error({ err: error, requestId: call.requestId }, 'scrub failed');
  };
  return {
    status: 200,
    headers: {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      // Nginx would keep lines back until it has a buffer full of them.
      'x-accel-buffering': 'no',
    },
    body: undefined,
    stream: encoded(first, lines, onError),
  };
}

/** A scrub that breaks says so in its last line: the status is gone already. */
async function* encoded(
  first: IteratorResult<ScrubLine, void>,
  rest: AsyncGenerator<ScrubLine, void, void>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (first.done !== true) yield Buffer.from(encodeScrubLine(first.value));
    for await (const line of rest) yield Buffer.from(encodeScrubLine(line));
  } catch (error) {
    const { errorCode, errorMessage } = errorFacts(error);
    onError(error);
    yield Buffer.from(encodeScrubLine({ kind: 'error', errorCode, errorMessage }));
  } finally {
    await rest.return();
  }
}
