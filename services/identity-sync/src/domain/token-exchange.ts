/** What is asked of ScaiKey in exchange for a foreign token (RFC 8693 section 2.1). */
export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly subjectTokenType: string;
  readonly audience: string;
  /** `sa:<name>`; undefined leaves it to the trust. */
  readonly role: string | undefined;
  /** Parted by spaces. */
  readonly scope: string | undefined;
  /** Globs; undefined: not narrowed. */
  readonly allowedPaths: readonly string[] | undefined;
}

/** What ScaiKey says it has minted. */
export interface MintedToken {
  readonly accessToken: string;
  readonly issuedTokenType: string;
  readonly expiresInSeconds: number;
}

/** 401 `token_invalid`, 403 `forbidden` (`no_trust`), 400 `invalid_request`, 503 `service_unavailable`. */
export type ExchangeAtScaiKey = (request: ExchangeRequest) => Promise<MintedToken>;

/** True when the new token opens nothing outside of the globs that were asked for. */
export const isNarrowed = (asked: readonly string[] | undefined, minted: readonly string[] | null): boolean =>
  asked === undefined || minted?.every((pattern) => asked.includes(pattern)) === true;
