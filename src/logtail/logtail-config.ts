/** The agent's configuration file: JSON, checked as a whole; an unknown key is an error that names its path. */
import { z } from 'zod';
import { AppError } from '#base/app-error.ts';
import { GIB, KIB, MIB, MINUTE_MS, SECOND_MS } from '#base/units.ts';
import { BATCH_LOGS_MAX, CHUNK_BYTES, WALK_DEPTH_DEFAULT, WALK_DEPTH_MAX } from './limits.ts';
import { compilePattern } from './path-pattern.ts';

/** One collection: which files go to which logstore. */
export interface LogtailInput {
  /** Unique in the file; part of the checkpoint, so renaming an input forgets its offsets. */
  readonly name: string;
  /** Absolute patterns, see `path-pattern.ts`. */
  readonly paths: readonly string[];
  /** Absolute patterns of files or folders, or bare names, that are never collected. */
  readonly exclude: readonly string[];
  /** Where files start that were there before the input first ran. Later files start at 0. */
  readonly startAt: 'beginning' | 'end';
  readonly project: string;
  readonly logstore: string;
  readonly topic: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Levels below the folder of a `**`. */
  readonly maxDepth: number;
}

export interface LogtailLimits {
  /** A batch is sent when this much is there, */
  readonly batchBytes: number;
  /** or this many logs, */
  readonly batchLogs: number;
  /** or this long after its first byte was seen. */
  readonly lingerMs: number;
  /** A last line without newline is sent after this long without growth. */
  readonly flushTimeoutMs: number;
  /** Bytes read and not yet acknowledged, of all files. Reading stops there. */
  readonly inFlightBytes: number;
  readonly concurrentRequests: number;
  readonly requestTimeoutMs: number;
  /** How often the patterns are walked. */
  readonly discoverMs: number;
  /** How often active files are looked at. */
  readonly pollMs: number;
  readonly checkpointMs: number;
  /** The time a stop may take. */
  readonly stopMs: number;
}

export interface LogtailConfig {
  readonly endpoint: string;
  /** Version 4 is the default; `region` is part of its signature and any text will do here. */
  readonly signature: 'v1' | 'v4';
  readonly region: string;
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
  /** JSON with `accessKeyId` and `accessKeySecret`, readable by its owner only; read again after a 401. */
  readonly accessKeyFile: string | undefined;
  readonly stateDirectory: string;
  /** The agent's own log; standard error when absent. */
  readonly logFile: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly inputs: readonly LogtailInput[];
  readonly limits: LogtailLimits;
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/u;
const RESERVED_TAGS = new Set(['__path__', '__hostname__', '__pack_id__']);
const absolute = z.string().startsWith('/', 'must be an absolute path');

const pathSchema = z.string().superRefine((value, context) => {
  try {
    compilePattern(value);
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: error instanceof Error ? error.message : 'bad path',
    });
  }
});

const inputSchema = z.strictObject({
  name: z.string().min(1).max(128),
  paths: z.array(pathSchema).min(1).max(64),
  exclude: z.array(z.string().min(1)).max(256).default([]),
  startAt: z.enum(['beginning', 'end']).default('beginning'),
  project: z.string().regex(NAME, 'must be a project name'),
  logstore: z.string().regex(NAME, 'must be a logstore name'),
  topic: z.string().max(1024).default(''),
  tags: z
    .record(z.string().min(1).max(128), z.string().max(1024))
    .refine(
      (tags) => Object.keys(tags).every((key) => !RESERVED_TAGS.has(key)),
      'reserved tag name',
    )
    .default({}),
  maxDepth: z.int().min(0).max(WALK_DEPTH_MAX).default(WALK_DEPTH_DEFAULT),
});

const integer = (min: number, max: number, value: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(min).max(max).default(value);

const limitsSchema = z.strictObject({
  batchBytes: integer(KIB, CHUNK_BYTES, CHUNK_BYTES),
  batchLogs: integer(1, BATCH_LOGS_MAX, BATCH_LOGS_MAX),
  lingerMs: integer(0, MINUTE_MS, 2 * SECOND_MS),
  flushTimeoutMs: integer(10, 60 * MINUTE_MS, MINUTE_MS),
  inFlightBytes: integer(2 * MIB, 4 * GIB, 64 * MIB),
  concurrentRequests: integer(1, 256, 8),
  requestTimeoutMs: integer(50, 10 * MINUTE_MS, 15 * SECOND_MS),
  discoverMs: integer(50, 10 * MINUTE_MS, 5 * SECOND_MS),
  pollMs: integer(10, MINUTE_MS, SECOND_MS),
  checkpointMs: integer(10, MINUTE_MS, SECOND_MS),
  stopMs: integer(100, 10 * MINUTE_MS, 25 * SECOND_MS),
});

const configSchema = z
  .strictObject({
    endpoint: z.string().regex(/^https?:\/\/[^/?#@\s]+\/?$/u, 'must be http://host:port'),
    signature: z.enum(['v1', 'v4']).default('v4'),
    region: z.string().min(1).max(64).default('local'),
    accessKeyId: z.string().min(1).optional(),
    accessKeySecret: z.string().min(1).optional(),
    accessKeyFile: absolute.optional(),
    stateDirectory: absolute,
    logFile: absolute.optional(),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    inputs: z.array(inputSchema).max(1000),
    limits: limitsSchema.default(() => limitsSchema.parse({})),
  })
  .refine(
    (value) => new Set(value.inputs.map((input) => input.name)).size === value.inputs.length,
    {
      path: ['inputs'],
      message: 'names must differ',
    },
  )
  .refine((value) => (value.accessKeyId === undefined) === (value.accessKeySecret === undefined), {
    path: ['accessKeyId'],
    message: 'accessKeyId and accessKeySecret go together',
  })
  .refine((value) => value.accessKeyId === undefined || value.accessKeyFile === undefined, {
    path: ['accessKeyFile'],
    message: 'give the keys or the file, not both',
  });

/**
 * Checks the text of a configuration file. `error.message` lists every problem with its path and never repeats a
 * value, because one of them may be a secret.
 */
export function parseLogtailConfig(text: string): LogtailConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new AppError('ConfigInvalid', 'the configuration file is not json');
  }
  const result = configSchema.safeParse(json);
  if (!result.success) {
    const issues = result.error.issues.map(
      (issue) => `${issue.path.length === 0 ? '(root)' : issue.path.join('.')}: ${issue.message}`,
    );
    throw new AppError('ConfigInvalid', `cannot use the configuration: ${issues.join('; ')}`);
  }
  const { accessKeyId, accessKeySecret, accessKeyFile, logFile, ...rest } = result.data;
  return Object.freeze({ ...rest, accessKeyId, accessKeySecret, accessKeyFile, logFile });
}
