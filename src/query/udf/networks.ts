/** IP addresses of both versions as numbers, and sets of networks of them. */
import { isIP } from 'node:net';
import { KNOWN_IPS_MAX } from '../limits.ts';

export interface IpAddress {
  readonly version: 4 | 6;
  /** 32 or 128 bits. */
  readonly bits: bigint;
  /** In the spelling that databases are asked with; an IPv4 address inside an IPv6 one is that address. */
  readonly text: string;
}

/** Longer than any address. */
const TEXT_CHARS_MAX = 64;

/** Undefined for what is no address. */
export function parseIp(given: string): IpAddress | undefined {
  if (given.length > TEXT_CHARS_MAX) return undefined;
  const text = given.trim();
  const version = isIP(text);
  if (version === 4) return ipv4(text);
  if (version !== 6) return undefined;
  const bits = ipv6Bits(text.replace(/%.*$/, ''));
  if (bits >> 32n !== 0xffffn) return { version: 6, bits, text: text.replace(/%.*$/, '') };
  const inner = Number(bits & 0xffff_ffffn);
  return ipv4([24, 16, 8, 0].map((shift) => (inner >>> shift) & 255).join('.'));
}

function ipv4(text: string): IpAddress {
  return { version: 4, bits: ipv4Bits(text), text };
}

function ipv4Bits(text: string): bigint {
  return text.split('.').reduce((bits, byte) => bits * 256n + BigInt(byte), 0n);
}

function ipv6Bits(text: string): bigint {
  const [head = '', tail] = text.split('::', 2);
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
function groupsOf(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const bits = ipv4Bits(group);
    return [bits >> 16n, bits & 0xffffn];
  });
}

export class NetworkSet {
  /** Networks without their free bits, by version and length. */
  readonly #networks = new Map<string, { readonly free: bigint; readonly heads: Set<bigint> }>();

  /** An address, or a network such as `10.0.0.0/8`. False for what is neither. */
  add(text: string): boolean {
    const [ip = '', length, ...rest] = text.split('/');
    const address = parseIp(ip);
    if (address === undefined || rest.length > 0) return false;
    const width = address.version === 4 ? 32 : 128;
    if (length !== undefined && !/^\d{1,3}$/.test(length)) return false;
    const kept = Number(length ?? width);
    if (kept > width) return false;
    const key = `${address.version}/${kept}`;
    const networks = this.#networks.get(key) ?? { free: BigInt(width - kept), heads: new Set() };
    this.#networks.set(key, networks);
    networks.heads.add(address.bits >> networks.free);
    return true;
  }

  has({ version, bits }: IpAddress): boolean {
    for (const [key, { free, heads }] of this.#networks)
      if (key.startsWith(`${version}/`) && heads.has(bits >> free)) return true;
    return false;
  }
}

/** Addresses that mean another machine everywhere: private, of one machine, of one link. */
const INTRANET = new NetworkSet();
for (const network of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8'])
  INTRANET.add(network);
for (const network of ['::1', 'fc00::/7', 'fe80::/10']) INTRANET.add(network);

function isIntranet(address: IpAddress): boolean {
  return INTRANET.has(address);
}

export interface KnownIp {
  /** Undefined for what is no address. */
  readonly address: IpAddress | undefined;
  readonly isIntranet: boolean;
}

/** Remembers texts: those of one statement come again and again, and reading one costs more than finding it. */
export class KnownIps {
  readonly #known = new Map<string, KnownIp>();

  find(text: string): KnownIp {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const address = parseIp(text);
    const made = { address, isIntranet: address !== undefined && isIntranet(address) };
    if (this.#known.size >= KNOWN_IPS_MAX) this.#known.clear();
    if (text.length <= TEXT_CHARS_MAX) this.#known.set(text, made);
    return made;
  }
}
