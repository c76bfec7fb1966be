import { type FieldViolation, validationError } from '@scaivault/errors';
import type { BoundType } from './binding.ts';

const prefixes: Readonly<Record<BoundType, string>> = { user: 'user:', service_account: 'sa:', group: 'group:' };

/** The type that an identity string's prefix names, if any (rest-api-core 1.3). */
export const typeOfIdentity = (identityId: string): BoundType | undefined =>
  (Object.keys(prefixes) as BoundType[]).find(
    (type) => identityId.startsWith(prefixes[type]) && identityId.length > prefixes[type].length,
  );

/** 422 when the string does not fit the type, or when the expiry is not in the future (rest-api-core 6.4). */
export const checkBinding = (
  identityType: BoundType,
  identityId: string,
  expiresAtMicros: number | null,
  nowMicros: number,
): void => {
  const violations: FieldViolation[] = [];
  if (typeOfIdentity(identityId) !== identityType) {
    const message = `must be ${prefixes[identityType]} and a name`;
    violations.push({ field: 'identity_id', rule: 'format', message });
  }
  if (expiresAtMicros !== null && expiresAtMicros <= nowMicros) {
    violations.push({ field: 'expires_at', rule: 'range', message: 'must be in the future' });
  }
  if (violations.length > 0) throw validationError(violations);
};
