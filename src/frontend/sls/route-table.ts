/** Finds the route of a request by path, method, scope and the query parameter `type`. */
import { AppError } from '#base/app-error.ts';
import type { Route } from './routes.ts';

export interface RouteRequest {
  readonly method: string;
  /** Percent-decoded. */
  readonly segments: readonly string[];
  /** Value of the query parameter `type`; empty and absent are the same. */
  readonly type: string | undefined;
  readonly hasProject: boolean;
}

export interface RouteMatch {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

interface PathEntry {
  readonly segments: readonly string[];
  readonly routes: readonly Route[];
}

export class RouteTable {
  readonly #paths: readonly PathEntry[];

  constructor(routes: readonly Route[]) {
    const paths = Map.groupBy(routes, (route) => route.path);
    this.#paths = [...paths].map(([path, group]) => ({
      segments: path === '/' ? [] : path.slice(1).split('/'),
      routes: group,
    }));
  }

  /**
   * Errors: RouteNotFound (no such path), InvalidMethod (the path takes other methods), NotSupported (an
   * unknown `type`), ParameterInvalid (`type` is missing).
   */
  match(request: RouteRequest): RouteMatch {
    const entry = this.#paths.find(({ segments }) => matches(segments, request.segments));
    if (entry === undefined)
      throw new AppError('RouteNotFound', 'there is no operation under this path');
    const ofMethod = entry.routes.filter((route) => route.method === request.method);
    if (ofMethod.length === 0)
      throw new AppError('InvalidMethod', `invalid request method: ${request.method}`);
    const ofScope = byScope(ofMethod, request.hasProject);
    return { route: byType(ofScope, request.type ?? ''), parameters: bind(entry, request) };
  }
}

/** A route for the very case wins over one for any. Without a match the one that will say why is taken. */
function byScope(routes: readonly Route[], hasProject: boolean): readonly Route[] {
  const fitting = routes.filter(({ scope }) => scope === (hasProject ? 'project' : 'account'));
  const open = routes.filter(({ scope }) => scope === 'any');
  return fitting.length > 0 ? fitting : open.length > 0 ? open : routes;
}

function byType(routes: readonly Route[], type: string): Route {
  const plain = routes.find(({ types }) => types === undefined);
  const isTyped = routes.some(({ types }) => types !== undefined);
  if (!isTyped && plain !== undefined) return plain;
  if (type === '') {
    if (plain !== undefined) return plain;
    throw new AppError('ParameterInvalid', 'type is required');
  }
  const found = routes.find(({ types }) => types?.includes(type));
  if (found === undefined)
    throw new AppError(
      'NotSupported',
      `type ${JSON.stringify(type.slice(0, 40))} is not supported`,
    );
  return found;
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, index) => {
    const segment = segments[index] ?? '';
    return part.startsWith('{') ? segment !== '' : part === segment;
  });
}

function bind(entry: PathEntry, request: RouteRequest): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const [index, part] of entry.segments.entries())
    if (part.startsWith('{')) parameters[part.slice(1, -1)] = request.segments[index] ?? '';
  return parameters;
}
