import { VaultError } from '@scaivault/errors';
import type { Brand } from './brand.ts';

export type TenantId = Brand<'TenantId'>;
export type PartnerId = Brand<'PartnerId'>;

const opaqueId = /^[\x21-\x7e]{1,128}$/;

const requireOpaqueId = (text: string, what: string): void => {
  if (!opaqueId.test(text)) {
    throw new VaultError('invalid_request', `A ${what} is 1 to 128 printable ASCII characters without spaces.`, {
      details: { reason: `invalid_${what.replace(' ', '_')}` },
    });
  }
};

/** A tenant id as ScaiKey issued it, opaque to us (rest-api-core 1.3); otherwise 400 `invalid_request`. */
export const parseTenantId = (text: string): TenantId => {
  requireOpaqueId(text, 'tenant id');
  return text as TenantId;
};

/** A partner id as ScaiKey issued it, opaque to us (rest-api-core 1.3); otherwise 400 `invalid_request`. */
export const parsePartnerId = (text: string): PartnerId => {
  requireOpaqueId(text, 'partner id');
  return text as PartnerId;
};
