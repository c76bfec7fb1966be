import type { Caller } from '@scaivault/pipeline';
import { type Scope, type ScopeId, type SecretPath, scopeId } from '@scaivault/tenancy';
import { secretAccessed } from '../domain/secret-events.ts';
import type { AccessEvents } from '../ports.ts';
import type { Clock } from './clock.ts';
import { originOf } from './origin-of.ts';
import type { ReadableVersion } from './readable-version.ts';

/** Resolves when it is written down that this value is handed out; at once where nobody listens. */
export type TellAccess = (
  caller: Pick<Caller, 'identityId' | 'identityType' | 'request'>,
  place: { readonly scope: Scope; readonly path: SecretPath },
  found: ReadableVersion,
  isBatch: boolean,
) => Promise<void> | undefined;

/** Tells of reads while somebody listens (rest-api-core 8.2): a value leaves when its event is committed, or not at all. */
export const createTellAccess =
  ({
    isListened,
    accessEvents,
    clock,
  }: {
    readonly isListened: (scopeId: ScopeId) => boolean;
    readonly accessEvents: AccessEvents;
    readonly clock: Clock;
  }): TellAccess =>
  (caller, { scope, path }, { secret, value }, isBatch) => {
    const owner = scopeId(scope);
    if (!isListened(owner)) return undefined;
    const access = {
      version: value.version,
      identityType: caller.identityType,
      sourceIp: caller.request.sourceIp ?? null,
      isBatch,
    };
    const facts = { secretType: value.secretType, metadata: secret.metadata };
    return accessEvents.add(owner, path, secretAccessed(originOf(caller, clock()), facts, access));
  };
