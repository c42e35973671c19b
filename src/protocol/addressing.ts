/** Which project a request is for: the table of sls-api §1.1, row by row. */
import { percentDecode } from './request-target.ts';

export interface AddressedRequest {
  /** The host that counts: authority of an absolute-form target, else the Host header. */
  readonly host: string | undefined;
  /** Value of `x-log-project`. */
  readonly projectHeader: string | undefined;
  /** Path of the request line, percent-encoded. */
  readonly path: string;
}

export interface AddressingOptions {
  /** Names under which the server is reached (`sls.example.com`), lower-case. */
  readonly baseDomains: readonly string[];
  /** Custom domains: host (lower-case, no port) to project. */
  readonly hostProjects: ReadonlyMap<string, string>;
  /** Answers for project-level paths on a host that names no project. */
  readonly defaultProject: string | undefined;
}

const PROMETHEUS_PATH = /^\/prometheus\/([^/]+)\//;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** First path parts that mean the account when no project is named. */
const ACCOUNT_PATHS: ReadonlySet<string> = new Set([
  '',
  'regions',
  'resources',
  'topostores',
  'tag',
  'tags',
  'untag',
  'health',
  'slsservice',
  'collectionpolicy',
]);

/** The project of a request, or undefined for the account level. Whether it exists is not asked. */
export function resolveProject(
  request: AddressedRequest,
  options: AddressingOptions,
): string | undefined {
  const header = request.projectHeader?.trim();
  if (header !== undefined && header !== '') return header;
  const prometheus = PROMETHEUS_PATH.exec(request.path)?.[1];
  if (prometheus !== undefined) return percentDecode(prometheus);
  const host = hostName(request.host ?? '');
  const project = projectOfHost(host, options);
  if (project !== undefined && project !== '') return project;
  return isAccountPath(request.path) ? undefined : options.defaultProject;
}

/** Lower-case, without port, trailing dot and the brackets of an IPv6 literal. */
export function hostName(authority: string): string {
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .trim()
    .toLowerCase();
  if (host.startsWith('[')) return host.slice(1, Math.max(1, host.indexOf(']')));
  const colon = host.indexOf(':');
  // Two colons without brackets: an IPv6 literal that cannot have a port.
  const name = colon < 0 || host.includes(':', colon + 1) ? host : host.slice(0, colon);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function projectOfHost(host: string, options: AddressingOptions): string | undefined {
  if (isAddress(host) || host === 'localhost' || options.baseDomains.includes(host)) {
    return undefined;
  }
  const base = longestBase(host, options.baseDomains);
  if (base !== undefined) return host.slice(0, -base.length - 1);
  const dot = host.indexOf('.');
  const label = dot < 0 ? undefined : host.slice(0, dot);
  const rest = host.slice(dot + 1);
  if (label !== undefined && (IPV4.test(rest) || rest === 'localhost')) return label;
  return options.hostProjects.get(host) ?? label;
}

function longestBase(host: string, baseDomains: readonly string[]): string | undefined {
  let longest: string | undefined;
  for (const base of baseDomains) {
    if (host.endsWith(`.${base}`) && base.length > (longest?.length ?? 0)) longest = base;
  }
  return longest;
}

function isAddress(host: string): boolean {
  return IPV4.test(host) || host.includes(':');
}

function isAccountPath(path: string): boolean {
  const end = path.indexOf('/', 1);
  return ACCOUNT_PATHS.has(end < 0 ? path.slice(1) : path.slice(1, end));
}
