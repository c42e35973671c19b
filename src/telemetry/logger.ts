/**
 * The server's own log. Constant lower-case messages, values in fields, never user log content, never a
 * secret. Children are declared here so that every name is known.
 */
import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export type LoggerName =
  | 'main'
  | 'frontend'
  | 'loghub'
  | 'meta'
  | 'blob'
  | 'backend'
  | 'segment'
  | 'query'
  | 'logtail';

/** A root logger that writes JSON lines to the file descriptor or file. */
export function createLogger(options: {
  readonly level: string;
  readonly destination?: number | string | undefined;
}): Logger {
  return pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: options.destination ?? 2, sync: true }),
  );
}

export function childLogger(parent: Logger, name: LoggerName): Logger {
  return parent.child({ room: name });
}
