import type { ScopeId } from '@scaivault/tenancy';

const scopePattern = /^[tp]:[\x21-\x7e]{1,128}$/;
const keyPattern = /^[0-9a-f]{64}$/;

/** Throws an Error, without the values, when an object cannot have this address; drivers call it before anything else. */
export const checkAddress = (scopeId: ScopeId, key: string): void => {
  if (!scopePattern.test(scopeId)) throw new Error('This is not the scope id of a tenant or a partner.');
  if (!keyPattern.test(key)) throw new Error('The key of an object is 64 lower-case hexadecimal characters.');
};
