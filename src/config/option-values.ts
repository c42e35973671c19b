/** Kinds of values that options have, from text. */
import { z } from 'zod';
import { GIB, KIB, MIB } from '#base/units.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export const text: z.ZodType<string, string> = z.string().min(1, 'it is empty');

/** A switch: alone on the command line, or `true`/`false`, `1`/`0`. */
export const booleanText: z.ZodType<boolean, string> = z
  .enum(['true', 'false', '1', '0'], 'it is neither true nor false')
  .transform((value) => value === 'true' || value === '1');

/** `host:port`, `[ipv6]:port`, `:port` (all addresses) or a port alone (this machine only). */
export const listenAddress: z.ZodType<ListenAddress, string> = z
  .string()
  .transform((value, context) => {
    const parts = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):)?(\d{1,5})$/.exec(value.trim());
    const port = Number(parts?.[2] ?? Number.NaN);
    if (parts === null || port > 65_535) {
      context.addIssue('it is not an address like 127.0.0.1:8080');
      return z.NEVER;
    }
    const host = parts[1];
    if (host === undefined) return { host: '127.0.0.1', port };
    return { host: host === '' ? '::' : host.replaceAll(/[[\]]/g, ''), port };
  });

/** Where a server is reached: scheme, host and port. The value has no slash at the end. */
export const endpointUrl: z.ZodType<string, string> = z.string().transform((value, context) => {
  const url = URL.parse(value.trim());
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  const hasMore = url === null || url.pathname !== '/' || url.search !== '' || url.hash !== '';
  if (url === null || !isWeb || hasMore || url.username !== '' || url.password !== '') {
    context.addIssue('it is not an address like http://127.0.0.1:8080');
    return z.NEVER;
  }
  return url.origin;
});

/** Names separated by commas, in lower case. */
export const nameList: z.ZodType<readonly string[], string> = z.string().transform((value) =>
  value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== ''),
);

/** Paths separated by commas. */
export const pathList: z.ZodType<readonly string[], string> = z.string().transform((value) =>
  value
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== ''),
);

const UNITS: Readonly<Record<string, number>> = { '': 1, K: KIB, M: MIB, G: GIB };

/** Bytes: a whole number, alone or with K, M or G (powers of 1024): `512M`, `2G`, `2GB`. */
export const byteSize: z.ZodType<number, string> = z.string().transform((value, context) => {
  const parts = /^(\d{1,12})\s*([KMG]?)i?B?$/i.exec(value.trim());
  if (parts === null) {
    context.addIssue('it is not a size like 512M');
    return z.NEVER;
  }
  return Number(parts[1]) * (UNITS[(parts[2] ?? '').toUpperCase()] ?? 1);
});

/** An IANA time zone that this runtime knows. */
export const timeZoneName: z.ZodType<string, string> = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}, 'it is not a time zone such as Europe/Berlin');
