import type { Tx } from '@scaivault/db';
import type { EndpointPlace } from '../domain/deliveries/delivery.ts';
import type { SealedSecret, SealedSecrets } from '../ports/deliveries.ts';

interface Row {
  readonly isCurrent: boolean;
  readonly secret: Buffer;
  readonly ciphertext: Buffer;
  readonly wrappedKey: Buffer;
  readonly wrappedBy: string;
}

const fromRow = ({ secret, ciphertext, wrappedKey, wrappedBy }: Row): SealedSecret => ({
  ciphertext: secret,
  sealedKey: { ciphertext, wrappedKey, wrappedBy },
});

const at = (tx: Tx, { scopeId, endpointId }: EndpointPlace) => tx`
  scope_id = ${scopeId} and endpoint_id = ${endpointId}`;

export const addSecret = async (
  tx: Tx,
  { scopeId, endpointId }: EndpointPlace,
  generation: number,
  { ciphertext, sealedKey }: SealedSecret,
): Promise<void> => {
  await tx`
    insert into signing_secret (scope_id, endpoint_id, generation, secret_ct, key_ct, key_wrapped, wrapped_by)
    values (${scopeId}, ${endpointId}, ${generation}, ${ciphertext}, ${sealedKey.ciphertext}, ${sealedKey.wrappedKey},
      ${sealedKey.wrappedBy})`;
};

/** The former secret stays for so long; one before it does not. The caller holds the endpoint's row. */
export const rotateSecret = async (
  tx: Tx,
  place: EndpointPlace,
  sealed: SealedSecret,
  previousForMs: number,
): Promise<void> => {
  const [current] = await tx<{ generation: number }[]>`
    select generation from signing_secret where ${at(tx, place)} and valid_until is null`;
  const generation = current?.generation ?? 0;
  await tx`
    delete from signing_secret
    where ${at(tx, place)} and (generation < ${generation} or (generation = ${generation} and ${previousForMs === 0}))`;
  await tx`
    update signing_secret set valid_until = now() + ${previousForMs}::float8 * interval '1 millisecond'
    where ${at(tx, place)} and generation = ${generation}`;
  await addSecret(tx, place, generation + 1, sealed);
};

/** Undefined for an endpoint that has none, because it is gone. */
export const readSecrets = async (tx: Tx, place: EndpointPlace): Promise<SealedSecrets | undefined> => {
  const rows = await tx<Row[]>`
    select valid_until is null as "isCurrent", secret_ct as "secret", key_ct as "ciphertext",
      key_wrapped as "wrappedKey", wrapped_by as "wrappedBy"
    from signing_secret where ${at(tx, place)} and (valid_until is null or valid_until > now())`;
  const current = rows.find(({ isCurrent }) => isCurrent);
  const previous = rows.find(({ isCurrent }) => !isCurrent);
  if (current === undefined) return undefined;
  return { current: fromRow(current), previous: previous && fromRow(previous) };
};
