import {
  generateSigningKey,
  importSigningPublicKey,
  type SigningKey,
  signingKeyId,
  takeSigningKey,
} from '@scaivault/crypto';
import { isVaultError, VaultError } from '@scaivault/errors';
import type { KeyedRow, KeySeal } from '@scaivault/pipeline';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import type { Clock, SigningKeyStore, StoredSigningKey } from '../../ports.ts';

/** A key signs for this long. */
const lifetimeMicros = 365 * 86_400 * 1_000_000;
/** Then the key chain is asked again, so that a key which it does not give any more stops signing. */
const heldMs = 60 * 60_000;

/** Tenant and partner under whose keys the key chain keeps what belongs to the whole installation. */
const installation = 'scaivault.installation';

const place = (keyId: string, half: 'public' | 'private'): KeyedRow => ({
  tenantId: parseTenantId(installation),
  partnerId: parsePartnerId(installation),
  rowId: `audit signing key ${keyId} ${half}`,
});

interface Dependencies {
  readonly keys: SigningKeyStore;
  /** Under the key chain; 503 while that cannot be asked. */
  readonly seal: KeySeal;
}

/**
 * The key that checkpoints are signed with: made when there is none, replaced after a year, opened by the key chain and
 * asked for again every hour. Fails while the key chain is away, unless the key is in hand.
 */
export const createSigner = ({
  keys,
  seal,
  nowMicros,
  monotonicMs,
}: Dependencies & { readonly nowMicros: Clock /** Never steps back. */; readonly monotonicMs: () => number }) => {
  let held: { readonly key: SigningKey; readonly untilMs: number } | undefined;

  const make = async (replaced: StoredSigningKey | undefined): Promise<void> => {
    const { key, pkcs8 } = generateSigningKey();
    try {
      const { keyId, publicKey } = key;
      const attested = await seal.seal(place(keyId, 'public'), publicKey);
      const secret = await seal.seal(place(keyId, 'private'), pkcs8);
      await keys.replace(replaced?.keyId, { keyId, publicKey, attested, secret });
    } finally {
      pkcs8.fill(0);
    }
  };

  const open = async ({ keyId, secret }: StoredSigningKey): Promise<SigningKey> => {
    if (secret === null) throw new Error(`The private half of the signing key ${keyId} is gone.`);
    const key = takeSigningKey(Buffer.from(await seal.open(place(keyId, 'private'), secret)));
    if (key.keyId !== keyId) throw new Error(`The signing key ${keyId} is another one.`);
    return key;
  };

  return async (): Promise<SigningKey> => {
    let current = await keys.current();
    if (current === undefined || nowMicros() - current.createdAtMicros > lifetimeMicros) {
      await make(current);
      // Whoever was first: ours, or that of another process.
      current = await keys.current();
      if (current === undefined) throw new Error('There is no signing key.');
    }
    if (held === undefined || held.key.keyId !== current.keyId || monotonicMs() >= held.untilMs) {
      held = { key: await open(current), untilMs: monotonicMs() + heldMs };
    }
    return held.key;
  };
};

/**
 * The public key of that id when the key chain confirms that it is ours: undefined for one that somebody else has put into
 * the table, or that is not there. 503 `kms_unavailable` when the key chain cannot be asked.
 */
export const createTrustedKeys = ({ keys, seal }: Dependencies) => {
  const confirmed = new Map<string, ReturnType<typeof importSigningPublicKey>>();

  const confirm = async ({ keyId, publicKey, attested }: StoredSigningKey): Promise<boolean> => {
    if (signingKeyId(publicKey) !== keyId) return false;
    try {
      return Buffer.from(await seal.open(place(keyId, 'public'), attested)).equals(publicKey);
    } catch (error) {
      if (isVaultError(error, 'service_unavailable') || isVaultError(error, 'kms_unavailable')) {
        throw new VaultError('kms_unavailable', 'The signing keys cannot be confirmed at the moment.', {
          cause: error,
          retryAfterSeconds: 5,
        });
      }
      // What does not open was not sealed by us.
      return false;
    }
  };

  return async (keyId: string) => {
    const known = confirmed.get(keyId);
    if (known !== undefined) return known;
    const stored = await keys.byId(keyId);
    if (stored === undefined || !(await confirm(stored))) return undefined;
    const key = importSigningPublicKey(stored.publicKey);
    confirmed.set(keyId, key);
    return key;
  };
};
