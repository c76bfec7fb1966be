import { hasRepeatedName } from './has-repeated-name.ts';
import { tokenInvalid } from './token-refusals.ts';

const longestToken = 16_384;
const longestKeyId = 256;
const compactForm = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;
/** Access tokens (RFC 7519 section 5.1, RFC 9068). Logout tokens and the like carry our audience too (RFC 8725 section 3.11). */
const knownTypes: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'application/jwt', 'at+jwt', 'application/at+jwt']);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One text stands for one token: spare bits at the end of base64url would make more of it. */
const decode = (part: string): Buffer => {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw tokenInvalid('base64url with spare bits');
  return bytes;
};

const readObject = (part: string): Readonly<Record<string, unknown>> => {
  const bytes = decode(part);
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw tokenInvalid(error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw tokenInvalid('no JSON object');
  if (hasRepeatedName(text)) throw tokenInvalid('a name comes twice');
  return { ...value };
};

/**
 * Looks at a JWT before any key is looked for: at most 16 KiB, compact form, plain JSON in which no name comes twice, a
 * `kid`, the type of an access token. Gives the issuer that it names, unproven. Throws 401 `token_invalid`.
 */
export const readTokenForm = (token: string): { readonly issuer: string } => {
  if (token.length > longestToken) throw tokenInvalid('too long');
  const [, head, body, signature] = compactForm.exec(token) ?? [];
  if (head === undefined || body === undefined || signature === undefined) throw tokenInvalid('not the compact form');
  const { kid, typ } = readObject(head);
  if (typeof kid !== 'string' || kid === '' || kid.length > longestKeyId) throw tokenInvalid('no usable kid');
  if (!knownTypes.has(typeof typ === 'string' ? typ.toLowerCase() : typ)) throw tokenInvalid('another kind of token');
  decode(signature);
  const { iss } = readObject(body);
  if (typeof iss !== 'string') throw tokenInvalid('no issuer');
  return { issuer: iss };
};
