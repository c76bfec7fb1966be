import type { ScopeId } from '@scaivault/tenancy';
import type { UnpinnedBinding } from '../domain/binding.ts';
import type { BindingStore, IdentityMirror } from '../ports.ts';
import type { PutInForce } from './put-in-force.ts';

/** Bindings looked at in one run; the next run goes on behind them. */
const batch = 200;
const lookups = 20;

interface Pin {
  readonly binding: UnpinnedBinding;
  readonly subjectId: string;
}

/**
 * Pins what was bound before the directory knew it (rest-api-core 6.4), so that a name that is given to somebody else
 * later takes nothing along. A run looks at a batch, and the last run before the end of the list is followed by the
 * first; an outage of the directory leaves everything as it is.
 */
export const createPinBindings = ({
  bindings,
  identities,
  putInForce,
}: {
  readonly bindings: Pick<BindingStore, 'unpinned' | 'pin'>;
  readonly identities: IdentityMirror;
  readonly putInForce: PutInForce;
}): (() => Promise<void>) => {
  const findPin = async (binding: UnpinnedBinding): Promise<Pin | undefined> => {
    const { directoryTenantId, identityType, identityId } = binding;
    const known = await identities.lookup(directoryTenantId, identityType, identityId);
    return known && { binding, subjectId: known.subjectId };
  };

  const pinScope = (scopeId: ScopeId, pins: readonly Pin[]): Promise<void> =>
    putInForce(scopeId, async () => {
      for (const { binding, subjectId } of pins) await bindings.pin(binding, subjectId);
    });

  let after: UnpinnedBinding | undefined;
  return async () => {
    const found = await bindings.unpinned(after, batch);
    // Before anything can fail: a binding that cannot be looked up must not keep those behind it waiting.
    after = found.length === batch ? found.at(-1) : undefined;
    for (let from = 0; from < found.length; from += lookups) {
      const pins = (await Promise.all(found.slice(from, from + lookups).map(findPin))).filter(
        (pin) => pin !== undefined,
      );
      for (const [scopeId, ofScope] of Map.groupBy(pins, ({ binding }) => binding.scopeId)) {
        await pinScope(scopeId, ofScope);
      }
    }
  };
};
