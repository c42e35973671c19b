/**
 * For tests: writes files in the MaxMind DB format 2.0 (https://maxmind.github.io/MaxMind-DB/). A search tree of records of 24
 * bits, 16 bytes of zeros, the data section, the metadata behind its marker.
 */
import { parseIp } from './networks.ts';

export type MmdbValue =
  | string
  | number
  | boolean
  | readonly MmdbValue[]
  | { readonly [name: string]: MmdbValue };

export interface MmdbOptions {
  readonly ipVersion?: 4 | 6;
  readonly databaseType?: string;
  readonly formatVersion?: number;
}

type Node = [Node | number | undefined, Node | number | undefined];

/** Networks such as `1.2.3.0/24` and what is known of them; longer ones must come after those that they are in. */
export function writeMmdb(
  networks: Readonly<Record<string, MmdbValue>>,
  { ipVersion = 6, databaseType = 'Test', formatVersion = 2 }: MmdbOptions = {},
): Buffer {
  const root: Node = [undefined, undefined];
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const [network, value] of Object.entries(networks)) {
    const bytes = encode(value);
    insert(root, pathOf(network, ipVersion), dataBytes);
    data.push(bytes);
    dataBytes += bytes.length;
  }
  const nodes: Node[] = [];
  const number = (node: Node): void => {
    nodes.push(node);
    for (const child of node) if (Array.isArray(child)) number(child);
  };
  number(root);
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [i, node] of nodes.entries())
    for (const [side, child] of node.entries())
      tree.writeUIntBE(recordOf(child, numbers, nodes.length), i * 6 + side * 3, 3);
  const metadata = encode({
    binary_format_major_version: formatVersion,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: databaseType,
    description: { en: 'test' },
    ip_version: ipVersion,
    languages: ['en', 'zh-CN'],
    node_count: nodes.length,
    record_size: 24,
  });
  const marker = Buffer.from('\u00ab\u00cd\u00efMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

/** Bits of a network; IPv4 is the lowest 32 bits of the tree of IPv6. */
function pathOf(network: string, ipVersion: 4 | 6): readonly number[] {
  const [ip = '', length = ''] = network.split('/');
  const address = parseIp(ip);
  if (address === undefined) throw new Error(`not a network: ${network}`);
  const isInner = address.version === 4 && ipVersion === 6;
  const width = ipVersion === 4 ? 32 : 128;
  const kept = Number(length) + (isInner ? 96 : 0);
  return Array.from({ length: kept }, (_, i) =>
    Number((address.bits >> BigInt(width - 1 - i)) & 1n),
  );
}

/** A longer network splits the entry of the one that it is in. */
function insert(root: Node, path: readonly number[], dataAt: number): void {
  let node = root;
  for (const side of path.slice(0, -1)) {
    const child = node[side];
    const next: Node = Array.isArray(child) ? child : [child, child];
    node[side] = next;
    node = next;
  }
  node[path.at(-1) ?? 0] = dataAt;
}

function recordOf(
  child: Node | number | undefined,
  numbers: ReadonlyMap<Node, number>,
  nodeCount: number,
): number {
  if (child === undefined) return nodeCount;
  return Array.isArray(child) ? (numbers.get(child) ?? 0) : nodeCount + 16 + child;
}

const TYPES = { text: 2, double: 3, map: 7, uint32: 6, array: 11, boolean: 14 } as const;

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([control(TYPES.text, bytes.length), bytes]);
  }
  if (typeof value === 'boolean') return control(TYPES.boolean, value ? 1 : 0);
  if (typeof value === 'number') return encodeNumber(value);
  if (Array.isArray(value))
    return Buffer.concat([control(TYPES.array, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([
    control(TYPES.map, entries.length),
    ...entries.flatMap(([name, item]) => [encode(name), encode(item)]),
  ]);
}

function encodeNumber(value: number): Buffer {
  if (Number.isInteger(value) && value >= 0) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(TYPES.uint32, 4), bytes]);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Buffer.concat([control(TYPES.double, 8), bytes]);
}

/** Type and size; types beyond 7 are in a byte of their own. */
function control(type: number, size: number): Buffer {
  const head = type <= 7 ? type << 5 : 0;
  const extended = type <= 7 ? [] : [type - 7];
  if (size < 29) return Buffer.from([head | size, ...extended]);
  if (size < 285) return Buffer.from([head | 29, ...extended, size - 29]);
  return Buffer.from([head | 30, ...extended, (size - 285) >> 8, (size - 285) & 255]);
}
