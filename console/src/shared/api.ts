import { AppError } from '#base/app-error.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
  /** Sent as `x-log-project`; absent for calls above projects. */
  readonly project?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer<T> {
  readonly body: T;
  readonly headers: Headers;
}

/** An error as the user sees it: the server's words, unchanged. */
export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
}

/**
 * One call to the server that served this page. Throws an `AppError` with the server's code and message, or
 * with code `NoAnswer` when there was none; an aborted call throws the browser's AbortError.
 */
export async function callApi<T>(request: ApiRequest): Promise<ApiAnswer<T>> {
  const response = await send(request);
  const text = await response.text();
  const body = parseBody(text);
  if (!response.ok) throw errorOf(response, body);
  if (body === undefined && text !== '') {
    throw new AppError('NoAnswer', 'the answer is not JSON: is this address a Sluice server?');
  }
  return { body: body as T, headers: response.headers };
}

/**
 * A call whose answer never ends by itself: its text in pieces as they arrive. Throws as `callApi` does, while the pieces
 * are read too.
 */
export async function openApi(request: ApiRequest): Promise<AsyncIterable<string>> {
  const response = await send(request);
  if (!response.ok) throw errorOf(response, parseBody(await response.text()));
  return textPieces(response);
}

async function* textPieces(response: Response): AsyncGenerator<string, void, void> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } catch (error) {
    throw isAbort(error) ? error : noAnswer(error);
  } finally {
    // Whoever stops reading ends the call.
    void reader.cancel().catch(() => undefined);
  }
}

async function send(request: ApiRequest): Promise<Response> {
  // Any page can post a form here with the user's cookie; only this page can add the header.
  const headers: Record<string, string> = { 'x-sluice-console': '1' };
  if (request.project !== undefined) headers['x-log-project'] = request.project;
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await fetch(requestUrl(request), {
      method: request.method ?? 'GET',
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: request.signal ?? null,
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw noAnswer(error);
  }
}

function noAnswer(cause: unknown): AppError {
  return new AppError('NoAnswer', `the server did not answer: ${textOf(cause)}`, { cause });
}

/** Path and query of a call, percent-encoded. */
export function requestUrl(request: Pick<ApiRequest, 'path' | 'parameters'>): string {
  const pairs = Object.entries(request.parameters ?? {});
  if (pairs.length === 0) return request.path;
  const encoded = pairs.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  return `${request.path}?${encoded.join('&')}`;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, body: unknown): AppError {
  const details = {
    status: response.status,
    requestId: response.headers.get('x-log-requestid') ?? undefined,
  };
  const code = memberOf(body, 'errorCode') ?? `HTTP ${response.status}`;
  const message = memberOf(body, 'errorMessage') ?? response.statusText;
  return new AppError(code, message, { details });
}

function memberOf(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value = (body as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** True for the error of a call that was given up on purpose. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** True when the server no longer knows this session. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof AppError && error.details['status'] === 401;
}

/** What to show of whatever was thrown. */
export function errorView(error: unknown): ErrorView {
  if (!(error instanceof AppError)) {
    return { code: 'ConsoleError', message: textOf(error), requestId: undefined };
  }
  const requestId = error.details['requestId'];
  return {
    code: error.code,
    message: error.message,
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
