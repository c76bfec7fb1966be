const plainWord = /^[\w.-]{1,64}$/;

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && plainWord.test(value) ? value : undefined;

const part = (whole: unknown, name: string): unknown =>
  typeof whole === 'object' && whole !== null ? Reflect.get(whole, name) : undefined;

/**
 * Why a call to the bucket failed, for the log. The SDK's own errors carry the request with its credentials, the address
 * and whatever the server wrote, so only what names the kind of failure is taken over, and only when it looks like a name.
 */
export class S3Failure extends Error {
  /** The S3 error code (`AccessDenied`), or the name of the failure on this side (`TimeoutError`). */
  readonly kind: string;
  /** Of the operating system or of TLS: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
  readonly systemCode: string | undefined;
  readonly httpStatus: number | undefined;
  /** What the operator of the server finds the call by. */
  readonly requestId: string | undefined;
  readonly attempts: number | undefined;

  constructor(operation: string, error: unknown) {
    const kind = word(part(error, 'name')) ?? 'Error';
    const metadata = part(error, '$metadata');
    const httpStatus = part(metadata, 'httpStatusCode');
    const attempts = part(metadata, 'attempts');
    const systemCode = word(part(error, 'code'));
    super(`${operation}: ${[kind, systemCode, httpStatus].filter((fact) => fact !== undefined).join(' ')}`);
    this.name = 'S3Failure';
    this.kind = kind;
    this.systemCode = systemCode;
    this.httpStatus = typeof httpStatus === 'number' ? httpStatus : undefined;
    this.requestId = word(part(metadata, 'requestId'));
    this.attempts = typeof attempts === 'number' ? attempts : undefined;
  }
}
