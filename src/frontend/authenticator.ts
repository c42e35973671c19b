/** Who sent a request: an SLS signature (versions 1 and 4), or a browser that is signed in to the console. */
import { AppError } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import { parseAuthorization, verifyRequest } from '#protocol/authenticate.ts';
import { parseRequestTarget } from '#protocol/request-target.ts';
import { checkOrigin } from './console/session-api.ts';
import type { SessionApi } from './console/session-api.ts';
import type { AccessKey } from './console/session-token.ts';
import { headerValue } from './http-message.ts';
import type { HttpRequest } from './http-message.ts';

export interface Caller {
  readonly accessKeyId: string;
  readonly fromConsole: boolean;
  /** As sent. */
  readonly body: Buffer;
}

export class Authenticator {
  readonly #accessKey: AccessKey;
  readonly #sessions: SessionApi;
  readonly #clock: Clock;

  constructor(
    accessKey: AccessKey,
    collaborators: { readonly sessions: SessionApi; readonly clock: Clock },
  ) {
    this.#accessKey = accessKey;
    this.#sessions = collaborators.sessions;
    this.#clock = collaborators.clock;
  }

  /**
   * `readBody` is called once the request names a key or a session that we know, so that nobody else can make
   * the server hold bodies. Errors: those of `verifyRequest`; Unauthorized for a console request without a
   * valid session; those of `readBody`.
   */
  async authenticate(request: HttpRequest, readBody: () => Promise<Buffer>): Promise<Caller> {
    if (isConsoleCall(request)) {
      checkOrigin(request);
      const { accessKeyId } = this.#sessions.session(request);
      return { accessKeyId, fromConsole: true, body: await readBody() };
    }
    const headers = signedHeaders(request);
    const named = parseAuthorization(headers['authorization']);
    if (named.accessKeyId !== this.#accessKey.accessKeyId)
      throw new AppError('Unauthorized', `AccessKeyId not found: ${named.accessKeyId}`);
    const body = await readBody();
    const { path, query } = parseRequestTarget(request.target.raw);
    const { accessKeyId } = await verifyRequest(
      { method: request.method, path, query, headers, body, port: request.localPort },
      (id, securityToken) => this.#secretOf(id, securityToken),
      this.#clock.nowMs(),
    );
    return { accessKeyId, fromConsole: false, body };
  }

  /** There are no temporary keys: whoever sends a security token holds none of ours. */
  #secretOf(accessKeyId: string, securityToken: string | undefined): string | undefined {
    if (securityToken !== undefined && securityToken !== '')
      throw new AppError('Unauthorized', 'the security token is not known');
    return accessKeyId === this.#accessKey.accessKeyId
      ? this.#accessKey.accessKeySecret
      : undefined;
  }
}

/**
 * The console adds `x-sluice-console: 1` to its calls: other sites cannot set that header without our consent
 * (CORS), so a cookie alone never authenticates anything.
 */
export function isConsoleCall(request: HttpRequest): boolean {
  return (
    headerValue(request.headers, 'authorization') === undefined &&
    headerValue(request.headers, 'x-sluice-console') === '1'
  );
}

/** Signatures cover the host of an absolute-form target, which is what counts then (RFC 9112 §3.2.2). */
function signedHeaders(request: HttpRequest): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  if (request.target.authority !== undefined) headers['host'] = request.target.authority;
  return headers;
}
