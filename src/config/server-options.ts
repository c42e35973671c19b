/** The options of the server role. */
import { z } from 'zod';
import { MIB } from '#base/units.ts';
import type { OptionTable } from './option-table.ts';
import {
  booleanText,
  byteSize,
  listenAddress,
  nameList,
  pathList,
  text,
  timeZoneName,
} from './option-values.ts';
import type { ListenAddress } from './option-values.ts';

export interface ServerConfig {
  readonly dataDirectory: string;
  readonly listen: ListenAddress;
  readonly durability: 'fsync' | 'os';
  readonly baseDomains: readonly string[];
  readonly defaultProject: string | undefined;
  readonly region: string;
  readonly timeWindow: 'any' | 'service';
  /** Undefined: in proportion to the memory of the machine or container. */
  readonly queryMemoryBytes: number | undefined;
  readonly timeZone: string;
  /** Paths. */
  readonly ipDatabases: readonly string[];
  readonly threatList: string | undefined;
  readonly phoneDatabase: string | undefined;
  readonly trustProxy: boolean;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly json: boolean;
  readonly rootAccessKeyId: string | undefined;
  readonly rootAccessKeySecret: string | undefined;
}

export const SERVER_USAGE = 'sluice server [options]';

export const SERVER_OPTIONS: OptionTable<ServerConfig> = {
  dataDirectory: {
    flag: '--data-dir',
    env: 'SLUICE_DATA_DIR',
    schema: text,
    default: './sluice-data',
    placeholder: '<path>',
    description: 'Folder with everything the server stores. One server at a time may use it.',
  },
  listen: {
    flag: '--listen',
    env: 'SLUICE_LISTEN',
    schema: listenAddress,
    default: '127.0.0.1:8080',
    placeholder: '<host:port>',
    description: 'Address of the API and the console; `:8080` is all addresses of the machine.',
  },
  durability: {
    flag: '--durability',
    env: 'SLUICE_DURABILITY',
    schema: z.enum(['fsync', 'os'], 'it is neither fsync nor os'),
    default: 'fsync',
    placeholder: '<fsync|os>',
    description:
      'When a write is acknowledged: `fsync` once it is on disk, `os` once the operating system has it ' +
      '(survives a crash of the server, not of the machine).',
  },
  baseDomains: {
    flag: '--base-domain',
    env: 'SLUICE_BASE_DOMAIN',
    schema: nameList,
    default: '',
    placeholder: '<name,…>',
    repeats: true,
    description:
      'Domains under which projects are addressed as <project>.<domain>. May be repeated.',
  },
  defaultProject: {
    flag: '--default-project',
    env: 'SLUICE_DEFAULT_PROJECT',
    schema: text,
    default: undefined,
    placeholder: '<name>',
    description: 'Project of requests whose host names none.',
  },
  region: {
    flag: '--region',
    env: 'SLUICE_REGION',
    schema: text,
    default: 'local',
    placeholder: '<name>',
    description: 'Region that projects show to clients.',
  },
  timeWindow: {
    flag: '--time-window',
    env: 'SLUICE_TIME_WINDOW',
    schema: z.enum(['any', 'service'], 'it is neither any nor service'),
    default: 'any',
    placeholder: '<any|service>',
    description:
      'Log times to accept: `any`, or as the cloud service from 7 days ago to 15 minutes ahead.',
  },
  queryMemoryBytes: {
    flag: '--query-memory',
    env: 'SLUICE_QUERY_MEMORY',
    schema: byteSize.refine((bytes) => bytes >= 64 * MIB, 'it is less than 64M'),
    default: undefined,
    placeholder: '<size>',
    description:
      'Memory that SQL may use before it spills to disk; unless set, a fifth of what the machine or container has, at most 1G.',
  },
  timeZone: {
    flag: '--time-zone',
    env: 'SLUICE_TIME_ZONE',
    schema: timeZoneName,
    default: 'Asia/Shanghai',
    placeholder: '<zone>',
    description:
      'IANA time zone of dates in SQL and of histogram edges. The default is the one of the cloud service.',
  },
  ipDatabases: {
    flag: '--ip-database',
    env: 'SLUICE_IP_DATABASE',
    schema: pathList,
    default: '',
    placeholder: '<file,…>',
    repeats: true,
    description:
      'MMDB files for ip_to_country and its kin, such as GeoLite2-City.mmdb and GeoLite2-ASN.mmdb. May be repeated; ' +
      'what the first one does not say is asked of the next.',
  },
  threatList: {
    flag: '--threat-list',
    env: 'SLUICE_THREAT_LIST',
    schema: text,
    default: undefined,
    placeholder: '<file>',
    description:
      'Text file for security_check_ip, _domain and _url: one address, network, domain or URL a line.',
  },
  phoneDatabase: {
    flag: '--phone-database',
    env: 'SLUICE_PHONE_DATABASE',
    schema: text,
    default: undefined,
    placeholder: '<file>',
    description:
      'CSV file for mobile_province, _city and _carrier: prefix,province,city,carrier a line.',
  },
  trustProxy: {
    flag: '--trust-proxy',
    env: 'SLUICE_TRUST_PROXY',
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description:
      'Believe x-forwarded-for and x-forwarded-proto. Only behind a proxy that sets them itself.',
  },
  logLevel: {
    flag: '--log-level',
    env: 'SLUICE_LOG_LEVEL',
    schema: z.enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'it is not one of trace, debug, info, warn, error, fatal, silent',
    ),
    default: 'info',
    placeholder: '<level>',
    description: "Least severity of the server's own log, written to standard error as JSON lines.",
  },
  json: {
    flag: '--json',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Print events as JSON lines on standard output instead of text.',
  },
  rootAccessKeyId: {
    flag: undefined,
    env: 'SLUICE_ROOT_ACCESS_KEY_ID',
    schema: z
      .string()
      .regex(/^[A-Za-z0-9_-]{4,128}$/, 'it is not 4 to 128 letters, digits, - or _'),
    default: undefined,
    placeholder: '<id>',
    description: 'Id of the root access key; without it the server makes one and keeps it.',
  },
  rootAccessKeySecret: {
    flag: undefined,
    env: 'SLUICE_ROOT_ACCESS_KEY_SECRET',
    schema: z.string().min(8, 'it is shorter than 8 characters').max(256, 'it is too long'),
    default: undefined,
    placeholder: '<secret>',
    description: 'Secret of the root access key.',
  },
};
