import { isVaultError } from '@scaivault/errors';
import type { ScopeId } from '@scaivault/tenancy';
import type { Publish } from '../ports.ts';

/** Commits a change of a scope's policies and holds the answer back until no process decides by the old ones. */
export type PutInForce = <Result>(scopeId: ScopeId, commit: () => Promise<Result>) => Promise<Result>;

/** A refusal of ours changed nothing; after any other failure nobody knows whether the commit happened. */
const changedNothing = (error: unknown): boolean => isVaultError(error) && error.httpStatus < 500;

export const createPutInForce =
  ({ publish }: { readonly publish: Publish }): PutInForce =>
  async (scopeId, commit) => {
    const result = await commit().catch(async (error: unknown) => {
      if (!changedNothing(error)) await publish([scopeId]);
      throw error;
    });
    await publish([scopeId]);
    return result;
  };
