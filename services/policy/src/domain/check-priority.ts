import { fieldError } from '@scaivault/errors';
import type { PolicyScope } from './policy.ts';

/** 422 below zero in a tenant: only a partner may go ahead of every tenant (rest-api-core 6.1). */
export const checkPriority = (scope: PolicyScope, priority: number): void => {
  if (scope === 'tenant' && priority < 0) {
    throw fieldError('priority', 'range', 'must be from 0 to 1000 in a tenant policy');
  }
};
