/** One signed request whose answer comes line by line. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { signRequest, type SigningKeys } from '#protocol/sign-request.ts';
import { ERROR_BYTES_MAX, LINE_BYTES_MAX, SILENCE_MS_MAX } from './limits.ts';

export interface LineRequest {
  /** Origin of the server. */
  readonly endpoint: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Undefined: the request is for the whole server. */
  readonly projectName?: string | undefined;
  /** Percent-encoded, without query. */
  readonly path: string;
  readonly query: readonly (readonly [key: string, value: string])[];
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly key: SigningKeys;
  readonly nowMs: number;
  /** Default: 1 MB. */
  readonly lineBytesMax?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The lines of the answer without their ends, once the server has answered 200. Whoever stops reading closes the
 * connection. Errors: ServerUnreachable, ConnectionLost (also thrown by the lines), the codes of the server; the
 * signal's reason.
 */
export async function requestLines(request: LineRequest): Promise<AsyncIterable<string>> {
  const response = await send(request);
  if (response.statusCode === 200) return linesOf(response, request);
  throw await refusal(response, request);
}

async function send(request: LineRequest): Promise<IncomingMessage> {
  const url = new URL(request.endpoint);
  const project: Readonly<Record<string, string>> =
    request.projectName === undefined ? {} : { 'x-log-project': request.projectName };
  const body = request.json === undefined ? undefined : Buffer.from(JSON.stringify(request.json));
  const type: Readonly<Record<string, string>> =
    body === undefined ? {} : { 'content-type': 'application/json' };
  const { target, headers } = signRequest(
    {
      method: request.method,
      path: request.path,
      query: request.query,
      headers: { host: url.host, 'user-agent': 'sluice-cli', ...project, ...type },
      body,
    },
    request.key,
    { version: 'v4', region: 'local' },
    request.nowMs,
  );
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return await new Promise((resolve, reject) => {
    const outgoing = open(
      {
        hostname: url.hostname.replaceAll(/^\[|\]$/gu, ''),
        port: url.port === '' ? undefined : url.port,
        method: request.method,
        path: target,
        headers: { ...headers, 'content-length': String(body?.length ?? 0) },
        signal: request.signal,
        timeout: SILENCE_MS_MAX,
      },
      resolve,
    );
    outgoing.on('timeout', () => outgoing.destroy(silence()));
    outgoing.on('error', (error) => reject(unreachable(error, request)));
    outgoing.end(body);
  });
}

async function* linesOf(
  response: IncomingMessage,
  request: LineRequest,
): AsyncGenerator<string, void, void> {
  // The beginning of a line, in parts: long ones come in thousands of chunks.
  let parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString();
        parts = [];
        size = 0;
        start = end + 1;
      }
      parts.push(chunk.subarray(start));
      size += chunk.length - start;
      if (size > (request.lineBytesMax ?? LINE_BYTES_MAX))
        throw new AppError('AnswerInvalid', `${request.endpoint} answers with a line without end`);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    request.signal.throwIfAborted();
    throw new AppError(
      'ConnectionLost',
      `the connection to ${request.endpoint} broke before the answer was complete`,
      { cause: error },
    );
  } finally {
    response.destroy();
  }
  if (size > 0) yield Buffer.concat(parts).toString();
}

const errorSchema = z.object({ errorCode: z.string().min(1), errorMessage: z.string() });

/** The error that the server answered with. */
async function refusal(response: IncomingMessage, request: LineRequest): Promise<AppError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > ERROR_BYTES_MAX) break;
  }
  const body = parseError(Buffer.concat(chunks).toString());
  if (body === undefined)
    return new AppError(
      'AnswerInvalid',
      `${request.endpoint} answers ${response.statusCode} and is no Sluice server`,
    );
  const said = `${request.endpoint} answers ${body.errorCode}: ${body.errorMessage}`;
  return new AppError(body.errorCode, `${said}${ADVICE[body.errorCode] ?? ''}`);
}

const WRONG_KEY = ' (is the access key of this server? --endpoint names another)';

/** What to do about an answer that does not say so itself. */
const ADVICE: Readonly<Record<string, string>> = {
  Unauthorized: WRONG_KEY,
  SignatureNotMatch: WRONG_KEY,
  NotSupported: ' (is the server older than this command?)',
};

function parseError(text: string): z.infer<typeof errorSchema> | undefined {
  try {
    return errorSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function unreachable(error: Error, request: LineRequest): unknown {
  if (request.signal.aborted) return request.signal.reason;
  if (error instanceof AppError) return error;
  const reason = errorCode(error) ?? errorMessage(error);
  return new AppError(
    'ServerUnreachable',
    `cannot reach the server at ${request.endpoint} (${reason}); start it, or name another with --endpoint`,
    { cause: error },
  );
}

function silence(): AppError {
  return new AppError('ConnectionLost', `nothing came for ${SILENCE_MS_MAX / 1000} s`);
}
