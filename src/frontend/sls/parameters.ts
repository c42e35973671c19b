/** Reading what clients send: query parameters, path parameters and JSON bodies, with the errors SDKs know. */
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { LIST_SIZE_DEFAULT, LIST_SIZE_MAX } from '#protocol/limits.ts';
import type { SlsCall } from './operation.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const INTEGER = /^-?\d{1,15}$/;

/** The first value of a query parameter. */
export function queryParameter(call: SlsCall, key: string): string | undefined {
  return call.query.find(([name]) => name === key)?.[1];
}

/** A path parameter of the route's pattern. */
export function pathParameter(call: SlsCall, name: string): string {
  return must(call.parameters[name], `route has a parameter ${name}`);
}

/** Errors: ShardNotExist, unless the parameter is the decimal number of a shard. */
export function shardParameter(call: SlsCall): number {
  const text = pathParameter(call, 'shard');
  if (!/^\d{1,9}$/.test(text)) throw shardNotExist(text);
  return Number(text);
}

export function shardNotExist(shardId: string | number): AppError {
  return new AppError('ShardNotExist', `Shard ${String(shardId).slice(0, 40)} does not exist`);
}

/** A decimal integer as number or text; undefined when absent or empty, NaN when it is anything else. */
export function integerOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : Number.NaN;
  if (typeof value !== 'string' || !INTEGER.test(value.trim())) return Number.NaN;
  return Number(value);
}

/** `true` and `false` in any case, or JSON booleans; undefined when absent or empty, null when neither. */
export function booleanOf(value: unknown): boolean | undefined | null {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return text === 'true' ? true : text === 'false' ? false : null;
}

/** `offset` and `size` of a list; a size above the largest is clipped. Errors: ParameterInvalid. */
export function pageOf(
  call: SlsCall,
  sizeDefault: number = LIST_SIZE_DEFAULT,
): { readonly offset: number; readonly size: number } {
  const offset = integerOf(queryParameter(call, 'offset')) ?? 0;
  const size = integerOf(queryParameter(call, 'size')) ?? sizeDefault;
  if (!(offset >= 0)) throw new AppError('ParameterInvalid', 'offset is not 0 or above');
  if (!(size >= 0)) throw new AppError('ParameterInvalid', 'size is not 0 or above');
  return { offset, size: Math.min(size, LIST_SIZE_MAX) };
}

/** The body as a JSON object, whatever its content type says. Errors: PostBodyInvalid. */
export function jsonBody(call: SlsCall): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(call.body));
  } catch (error) {
    throw new AppError('PostBodyInvalid', 'the body is not valid JSON', { cause: error });
  }
  if (!isJsonObject(value)) throw new AppError('PostBodyInvalid', 'the body is not a JSON object');
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members of a body with one error code for all that is wrong with them. */
export class Members {
  readonly #body: JsonObject;
  readonly #code: string;

  constructor(body: JsonObject, code: string) {
    this.#body = body;
    this.#code = code;
  }

  /** Undefined when absent or null. */
  text(name: string, charactersMax: number): string | undefined {
    const value = this.#body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw this.#wrong(name, 'is not a string');
    if (value.length > charactersMax) throw this.#wrong(name, 'is too long');
    return value;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.#body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw this.#wrong(name, `is not an integer from ${min} to ${max}`);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'boolean') throw this.#wrong(name, 'is not true or false');
    return value;
  }

  /** The value of a member that must be there. */
  required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw this.#wrong(name, 'is required');
    return value;
  }

  /** Those of the named members that the body has, as they are. */
  pick(names: readonly string[]): JsonObject {
    return Object.fromEntries(
      names
        .filter((name) => this.#body[name] !== undefined)
        .map((name) => [name, this.#body[name]]),
    );
  }

  #wrong(name: string, what: string): AppError {
    return new AppError(this.#code, `${name} ${what}`);
  }
}
