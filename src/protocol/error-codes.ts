/**
 * Every error code that a frontend can answer: HTTP status and whether a client may send the same request
 * again. Source: sls-api §3.3. Codes not in the table are answered as InternalServerError.
 */
export interface ErrorCodeInfo {
  readonly status: number;
  readonly retryable: boolean;
}

const BAD: ErrorCodeInfo = { status: 400, retryable: false };
const DENIED: ErrorCodeInfo = { status: 401, retryable: false };
const QUOTA: ErrorCodeInfo = { status: 403, retryable: true };
const MISSING: ErrorCodeInfo = { status: 404, retryable: false };

export const ERROR_CODES: Readonly<Record<string, ErrorCodeInfo>> = Object.freeze({
  MissingBodyRawSize: BAD,
  InvalidBodyRawSize: BAD,
  InvalidCompressType: BAD,
  MissingHost: BAD,
  MissingDate: BAD,
  InvalidDateFormat: BAD,
  MissingAPIVersion: BAD,
  InvalidAPIVersion: BAD,
  MissAccessKeyId: BAD,
  MissingSignatureMethod: BAD,
  InvalidSignatureMethod: BAD,
  RequestTimeTooSkewed: BAD,
  ParameterInvalid: BAD,
  InvalidParameter: BAD,
  PostBodyInvalid: BAD,
  PostBodyTooLarge: BAD,
  PostBodyUncompressError: BAD,
  InvalidTimestamp: BAD,
  InvalidEncoding: BAD,
  InvalidKey: BAD,
  NotSupported: BAD,
  SignatureNotMatch: DENIED,
  Unauthorized: DENIED,
  InvalidAccessKeyId: DENIED,
  SecurityTokenExpired: DENIED,
  WriteQuotaExceed: QUOTA,
  ReadQuotaExceed: QUOTA,
  ShardWriteQuotaExceed: QUOTA,
  ShardReadQuotaExceed: QUOTA,
  ExceedQuota: QUOTA,
  ProjectForbidden: { status: 403, retryable: false },
  ProjectNotExist: MISSING,
  LogStoreNotExist: MISSING,
  ConsumerGroupNotExist: MISSING,
  ConsumerNotExist: MISSING,
  InvalidMethod: { status: 405, retryable: false },
  RouteNotFound: MISSING,
  ProjectAlreadyExist: BAD,
  ProjectNotEmpty: BAD,
  LogStoreAlreadyExist: BAD,
  LogStoreInfoInvalid: BAD,
  LogStoreWithoutShard: BAD,
  ProjectQuotaExceed: BAD,
  ShardNotExist: BAD,
  InvalidCursor: BAD,
  IndexConfigNotExist: BAD,
  IndexAlreadyExist: BAD,
  IndexInfoInvalid: BAD,
  InvalidTimeRange: BAD,
  InvalidQueryString: BAD,
  InvalidOffset: BAD,
  InvalidLine: BAD,
  InvalidReverse: BAD,
  InvalidLogStoreQuery: BAD,
  RequestTimeout: { status: 500, retryable: true },
  InternalServerError: { status: 500, retryable: true },
  ServerBusy: { status: 503, retryable: true },
});
