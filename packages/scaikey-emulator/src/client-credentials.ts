import { createHash, timingSafeEqual } from 'node:crypto';
import type { DirectoryData, User } from './directory.ts';

export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

const formDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
};

/** Reads client_secret_basic (RFC 6749 section 2.3.1: both halves are form-encoded first). */
export const readBasic = (authorization: string | undefined): ClientCredentials | undefined => {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [idText = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const [id, secret] = [formDecode(idText), formDecode(rest.join(':'))];
  return id === undefined || secret === undefined ? undefined : { id, secret };
};

const sameText = (a: string, b: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
};

/** The active service account with these credentials, by name or id; `tenantId` narrows the search to one tenant. */
export const findClient = (
  directory: DirectoryData,
  credentials: ClientCredentials | undefined,
  tenantId?: string,
): User | undefined =>
  credentials &&
  directory.users.find(
    (user) =>
      user.type === 'service_account' &&
      user.status === 'ACTIVE' &&
      (user.name === credentials.id || user.id === credentials.id) &&
      (tenantId === undefined || user.tenant_id === tenantId) &&
      user.client_secret !== null &&
      sameText(user.client_secret, credentials.secret),
  );
