/** How an error travels (sls-api §3.3): status by code, and a JSON body with both members non-empty. */
import { AppError } from '#base/app-error.ts';
import { ERROR_CODES } from '#protocol/error-codes.ts';
import type { HttpReply } from './http-message.ts';
import { jsonReply } from './http-message.ts';

/** A path that no operation has answers 404 under the code that SDKs know for "not here". */
const TRAVELS_AS: Readonly<Record<string, string>> = { RouteNotFound: 'NotSupported' };

/** What a client may know of an error. */
export interface ErrorFacts {
  readonly errorCode: string;
  /** Never empty. */
  readonly errorMessage: string;
  readonly status: number;
}

/**
 * Codes that are not in the table, and what is no AppError, become a bare InternalServerError: their texts are for
 * our own log, not for clients.
 */
export function errorFacts(error: unknown): ErrorFacts {
  const info = error instanceof AppError ? ERROR_CODES[error.code] : undefined;
  if (!(error instanceof AppError) || info === undefined)
    return {
      errorCode: 'InternalServerError',
      errorMessage: 'internal server error',
      status: 500,
    };
  const errorMessage = error.message === '' ? error.code : error.message;
  return { errorCode: TRAVELS_AS[error.code] ?? error.code, errorMessage, status: info.status };
}

/** The answer for anything thrown. */
export function errorReply(error: unknown): HttpReply {
  const { errorCode, errorMessage, status } = errorFacts(error);
  return jsonReply({ errorCode, errorMessage }, {}, status);
}

/** True when the error is ours to explain: it must be logged with everything it carries. */
export function isInternalError(error: unknown): boolean {
  if (!(error instanceof AppError)) return true;
  const info = ERROR_CODES[error.code];
  return info === undefined || error.code === 'InternalServerError';
}
