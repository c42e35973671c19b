/** The door of the server: decides whether a request is for the API, the console, a health check or metrics. */
import { AppError } from '#base/app-error.ts';
import type { AddressingOptions } from '#protocol/addressing.ts';
import { hostName, resolveProject } from '#protocol/addressing.ts';
import { Authenticator, isConsoleCall } from './authenticator.ts';
import type { ConsoleFiles } from './console/console-files.ts';
import { SessionApi } from './console/session-api.ts';
import type { AccessKey } from './console/session-token.ts';
import { SessionTokens } from './console/session-token.ts';
import { headerValue, jsonReply } from './http-message.ts';
import type { HttpReply, HttpRequest } from './http-message.ts';
import { metricsReply } from './management/metrics.ts';
import { queryValue } from './request-target.ts';
import type { SlsRooms } from './sls/operation.ts';
import { RouteTable } from './sls/route-table.ts';
import { ROUTES } from './sls/routes.ts';

export interface FrontendOptions {
  readonly accessKey: AccessKey;
  readonly addressing: AddressingOptions;
}

export interface FrontendCollaborators {
  readonly rooms: SlsRooms;
  readonly consoleFiles: ConsoleFiles;
  /** False before everything runs and while stopping; shown to load balancers. */
  readonly isReady: () => boolean;
}

export class Frontend {
  readonly #options: FrontendOptions;
  readonly #collaborators: FrontendCollaborators;
  readonly #routes = new RouteTable(ROUTES);
  readonly #sessions: SessionApi;
  readonly #authenticator: Authenticator;

  constructor(options: FrontendOptions, collaborators: FrontendCollaborators) {
    this.#options = options;
    this.#collaborators = collaborators;
    const { clock } = collaborators.rooms;
    const tokens = new SessionTokens(options.accessKey);
    this.#sessions = new SessionApi(options.accessKey, { tokens, clock });
    const sessions = this.#sessions;
    this.#authenticator = new Authenticator(options.accessKey, { sessions, clock });
  }

  /** Answers any request; what it throws is the error answer. */
  async handle(request: HttpRequest): Promise<HttpReply> {
    const [first, ...rest] = request.target.segments;
    if (rest.length === 0 && (first === 'healthz' || first === 'health'))
      return this.#health(request);
    if (rest.length === 0 && first === 'metrics') return this.#metrics(request);
    if (first === 'console') return this.#console(request, rest);
    if (isPageVisit(request))
      return { status: 302, headers: { location: '/console/' }, body: undefined };
    return this.#operation(request);
  }

  #metrics(request: HttpRequest): HttpReply {
    assertRead(request);
    return metricsReply(this.#collaborators.rooms.backend.stats());
  }

  #health(request: HttpRequest): HttpReply {
    assertRead(request);
    if (!this.#collaborators.isReady())
      throw new AppError('ServerBusy', 'the server is starting or stopping');
    return jsonReply({ status: 'ok' }, { 'cache-control': 'no-store' });
  }

  async #console(request: HttpRequest, path: readonly string[]): Promise<HttpReply> {
    if (path.length === 0 && !request.target.rawPath.endsWith('/'))
      return { status: 302, headers: { location: '/console/' }, body: undefined };
    if (path[0] !== 'api') return this.#collaborators.consoleFiles.handle(request, path.join('/'));
    if (path.length === 2 && path[1] === 'session') return this.#sessions.handle(request);
    throw new AppError('RouteNotFound', 'there is no operation under this path');
  }

  async #operation(request: HttpRequest): Promise<HttpReply> {
    const host = request.target.authority ?? headerValue(request.headers, 'host') ?? '';
    if (host === '') throw new AppError('MissingHost', 'host does not exist in http header');
    const projectName = resolveProject(
      {
        host,
        projectHeader: headerValue(request.headers, 'x-log-project'),
        path: request.target.rawPath,
      },
      this.#options.addressing,
    );
    const { route, parameters } = this.#routes.match({
      method: request.method,
      segments: request.target.segments,
      type: queryValue(request.target, 'type'),
      hasProject: projectName !== undefined,
    });
    const { fromConsole, body } = await this.#authenticator.authenticate(request, () =>
      request.readBody(route.bodyBytesMax),
    );
    const { rooms } = this.#collaborators;
    if (route.scope === 'project' && projectName === undefined)
      throw new AppError('ProjectNotExist', 'The Project does not exist : the host names none');
    return route.run(
      {
        projectName: projectName ?? '',
        parameters,
        query: request.target.query,
        headers: request.headers,
        body,
        clientAddress: request.clientAddress,
        requestId: request.requestId,
        endpoint: endpointOf(host, projectName),
        fromConsole,
        signal: request.signal,
      },
      rooms,
    );
  }
}

/** Somebody has typed the server's address into a browser. */
function isPageVisit(request: HttpRequest): boolean {
  return (
    request.method === 'GET' &&
    request.target.segments.length === 0 &&
    headerValue(request.headers, 'authorization') === undefined &&
    !isConsoleCall(request) &&
    /\btext\/html\b/i.test(headerValue(request.headers, 'accept') ?? '')
  );
}

/** The host without the project before it and without port. */
function endpointOf(host: string, projectName: string | undefined): string {
  const name = hostName(host);
  const prefix = `${projectName ?? ''}.`;
  return prefix.length > 1 && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Errors: InvalidMethod. */
function assertRead({ method }: HttpRequest): void {
  if (method !== 'GET' && method !== 'HEAD')
    throw new AppError('InvalidMethod', `invalid request method: ${method}`);
}
