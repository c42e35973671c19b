/**
 * The built console, read into memory at start. Requests look names up in a map, so no request can name a
 * file outside of it.
 */
import { gzipSync } from 'node:zlib';
import { AppError, errorCode } from '#base/app-error.ts';
import type { Files } from '#platform/files.ts';
import { headerValue } from '../http-message.ts';
import type { HttpReply, HttpRequest } from '../http-message.ts';
import { CONSOLE_BYTES_MAX, CONSOLE_FILES_MAX } from '../limits.ts';

interface ConsoleFile {
  readonly bytes: Uint8Array;
  /** Undefined where it would not be smaller. */
  readonly gzipped: Uint8Array | undefined;
  readonly contentType: string;
  /** The build puts a hash of the content into names under `assets/`. */
  readonly isImmutable: boolean;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  txt: 'text/plain; charset=utf-8',
};

const COMPRESSIBLE = new Set(['html', 'js', 'css', 'json', 'map', 'svg', 'wasm', 'txt']);

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; " +
    "form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};

export class ConsoleFiles {
  readonly #files: ReadonlyMap<string, ConsoleFile>;

  private constructor(files: ReadonlyMap<string, ConsoleFile>) {
    this.#files = files;
  }

  /** Reads the folder with all its subfolders. An absent folder gives a console that only says so. */
  static async load(directory: string, files: Files): Promise<ConsoleFiles> {
    const found = new Map<string, ConsoleFile>();
    try {
      await readFolder({ directory, prefix: '', found, files, totalBytes: { value: 0 } });
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || found.size > 0) throw error;
    }
    return new ConsoleFiles(found);
  }

  get isBuilt(): boolean {
    return this.#files.has('index.html');
  }

  /**
   * The file under `/console/<path>`; pages of the console that are no files get `index.html`.
   * Errors: InvalidMethod, RouteNotFound (not built, or no such asset).
   */
  handle(request: HttpRequest, path: string): HttpReply {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new AppError('InvalidMethod', `invalid request method: ${request.method}`);
    const named = this.#files.get(path);
    const file = named ?? (path.startsWith('assets/') ? undefined : this.#files.get('index.html'));
    if (file === undefined) {
      const message = this.isBuilt ? 'there is no such file' : 'the console is not built';
      throw new AppError('RouteNotFound', message);
    }
    const accepted = headerValue(request.headers, 'accept-encoding') ?? '';
    const gzipped = /\bgzip\b/i.test(accepted) ? file.gzipped : undefined;
    const cacheControl = file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache';
    return {
      status: 200,
      headers: {
        ...SECURITY_HEADERS,
        'content-type': file.contentType,
        'cache-control': cacheControl,
        vary: 'accept-encoding',
        ...(gzipped === undefined ? {} : { 'content-encoding': 'gzip' }),
      },
      body: gzipped ?? file.bytes,
    };
  }
}

interface FolderWalk {
  readonly directory: string;
  readonly prefix: string;
  readonly found: Map<string, ConsoleFile>;
  readonly files: Files;
  readonly totalBytes: { value: number };
}

async function readFolder(walk: FolderWalk): Promise<void> {
  for (const name of await walk.files.list(walk.directory)) {
    const path = `${walk.directory}/${name}`;
    const key = walk.prefix + name;
    const { isDirectory, sizeBytes } = await walk.files.stat(path);
    if (isDirectory) {
      await readFolder({ ...walk, directory: path, prefix: `${key}/` });
      continue;
    }
    walk.totalBytes.value += sizeBytes;
    if (walk.found.size >= CONSOLE_FILES_MAX || walk.totalBytes.value > CONSOLE_BYTES_MAX)
      throw new AppError('InternalServerError', 'the console folder holds too much');
    walk.found.set(key, consoleFile(key, await readFile(walk.files, path, sizeBytes)));
  }
}

async function readFile(files: Files, path: string, sizeBytes: number): Promise<Uint8Array> {
  const handle = await files.open(path, 'read');
  try {
    const buffer = Buffer.alloc(sizeBytes);
    const length = await handle.read(buffer, 0);
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function consoleFile(key: string, bytes: Uint8Array): ConsoleFile {
  const extension = key.slice(key.lastIndexOf('.') + 1).toLowerCase();
  const gzipped = COMPRESSIBLE.has(extension) ? gzipSync(bytes) : undefined;
  return {
    bytes,
    gzipped: gzipped !== undefined && gzipped.length < bytes.length ? gzipped : undefined,
    contentType: CONTENT_TYPES[extension] ?? 'application/octet-stream',
    isImmutable: key.startsWith('assets/'),
  };
}
