import { VaultError } from '@scaivault/errors';
import type { Once, Target } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import { recoverableForMicros } from '../domain/recovery.ts';
import type { SecretFacts } from '../domain/secret.ts';
import type { NewVersion, SecretCipher, SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';
import type { InTurn } from './turns.ts';

/** What the next version shall be, by what is there now; undefined for no secret. Throws what forbids the write. */
export type PlanVersion = (
  head: SecretFacts | undefined,
  nowMicros: number,
) => PlannedVersion | Promise<PlannedVersion>;

export interface PlannedVersion extends Omit<NewVersion, 'version' | 'sealed' | 'createdAtMicros'> {
  /** Version that it comes behind; 0 for none. */
  readonly behind: number;
}

export interface WrittenVersion {
  readonly facts: SecretFacts;
  readonly planned: PlannedVersion;
  readonly writtenAtMicros: number;
}

export type WriteVersion = (
  target: Pick<Target, 'scope' | 'path'>,
  data: Uint8Array,
  plan: PlanVersion,
  once: Once | undefined,
) => Promise<WrittenVersion>;

/** Every lost try is a write of somebody else that got through; only other processes can win against us (see below). */
const mostTries = 100;

const tooBusy = (): VaultError =>
  new VaultError('service_unavailable', 'Too many writers change this secret at once.', { retryAfterSeconds: 1 });

/**
 * Adds a version to a secret.
 *
 * The ciphertext is bound to its version number, and sealing may wait for the KMS, so it cannot happen under a lock.
 * Hence: look which version is current, seal for the next one, and add it only if that is still so; else once more.
 * Writers of one process and path take turns, so that they never lose against each other: with 200 of them at once each
 * seals once.
 */
export const createWriteVersion =
  ({
    store,
    cipher,
    clock,
    inTurn,
  }: {
    readonly store: Pick<SecretStore, 'head' | 'append'>;
    readonly cipher: Pick<SecretCipher, 'seal'>;
    readonly clock: Clock;
    readonly inTurn: InTurn;
  }): WriteVersion =>
  async ({ scope, path }, data, plan, once) => {
    const tryOnce = async (): Promise<WrittenVersion | undefined> => {
      const head = await store.head(scope, path);
      const now = clock();
      const planned = await plan(head, now);
      const { behind, ...rest } = planned;
      const version = behind + 1;
      const sealed = await cipher.seal(scope, path, version, data);
      const next = { ...rest, version, sealed, createdAtMicros: now };
      const facts = await store.append(scope, path, next, now - recoverableForMicros, once);
      return facts === undefined ? undefined : { facts, planned, writtenAtMicros: now };
    };
    return await inTurn(`${scopeId(scope)} ${path}`, async () => {
      for (let tries = 0; tries < mostTries; tries += 1) {
        const written = await tryOnce();
        if (written !== undefined) return written;
      }
      throw tooBusy();
    });
  };
