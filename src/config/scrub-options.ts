/** The options of `sluice scrub`. */
import { z } from 'zod';
import { CLIENT_OPTIONS } from './client-options.ts';
import type { OptionTable } from './option-table.ts';
import { booleanText, endpointUrl, text } from './option-values.ts';

export interface ScrubConfig {
  readonly dataDirectory: string | undefined;
  /** Origin of the server, without a slash at the end. */
  readonly endpoint: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
  readonly repair: boolean;
  readonly json: boolean;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

export const SCRUB_USAGE = 'sluice scrub [options]';

export const SCRUB_OPTIONS: OptionTable<ScrubConfig> = {
  dataDirectory: {
    flag: '--data-dir',
    env: 'SLUICE_DATA_DIR',
    schema: text,
    default: undefined,
    placeholder: '<path>',
    description:
      'Data directory on this machine. Checked in place when no server runs on it; when one does, the server ' +
      'is asked with the root access key that is kept there.',
  },
  endpoint: {
    flag: '--endpoint',
    env: undefined,
    schema: endpointUrl,
    default: undefined,
    placeholder: '<url>',
    description:
      'The server that is asked to check its own data; http://127.0.0.1:8080 unless given, and none when ' +
      '--data-dir has no running server.',
  },
  accessKeyId: {
    flag: '--access-key-id',
    env: 'SLUICE_ACCESS_KEY_ID',
    schema: text,
    default: undefined,
    placeholder: '<id>',
    description: 'Id of the root access key of the server.',
  },
  accessKeySecret: CLIENT_OPTIONS.accessKeySecret,
  repair: {
    flag: '--repair',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description:
      'Build damaged segments again from the write-ahead log while it still holds their logs, and remove files ' +
      'that belong to nothing.',
  },
  json: {
    flag: '--json',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Print findings and summary as JSON, one object a line.',
  },
  logLevel: {
    flag: '--log-level',
    env: undefined,
    schema: z.enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'it is not one of trace, debug, info, warn, error, fatal, silent',
    ),
    default: 'silent',
    placeholder: '<level>',
    description: 'Least severity of the log of a check in place, written to standard error.',
  },
};
