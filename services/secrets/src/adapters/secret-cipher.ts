import { encodeAad, envelopeBytes, IntegrityError, type KeyChain } from '@scaivault/crypto';
import { isVaultError } from '@scaivault/errors';
import { scopeId } from '@scaivault/tenancy';
import type { SecretCipher } from '../ports.ts';
import type { IntegrityAlarm, ValuePlace } from './integrity-alarm.ts';
import type { ValueObjects } from './value-objects.ts';

/**
 * Whether the bytes or the key named beside them are to blame: not an outage, which is a 503. A row that was moved to
 * another scope names a key that this scope does not have.
 */
const isIntegrityFailure = (error: unknown): boolean =>
  error instanceof IntegrityError || (isVaultError(error) && error.httpStatus !== 503);

const aadOf = ({ scope, path, version }: ValuePlace, contentId?: string): Buffer =>
  encodeAad({ purpose: 'secret', scopeId: scopeId(scope), pathId: path, version, contentId });

/**
 * Values under the key chain, each bound to its scope, path and version (rest-api-core 14): a row that was moved,
 * swapped or changed in the database does not open, but sounds the alarm. A value whose ciphertext is longer than
 * `thresholdBytes` becomes an object, whose key is bound with the rest; the row and the object open only together.
 */
export const createSecretCipher = ({
  keys,
  objects,
  thresholdBytes,
  alarm,
}: {
  readonly keys: Pick<KeyChain, 'sealData' | 'sealContent' | 'openData'>;
  readonly objects: ValueObjects;
  readonly thresholdBytes: number;
  readonly alarm: IntegrityAlarm;
}): SecretCipher => {
  const guarded = async <Result>(place: ValuePlace, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw isIntegrityFailure(error) ? alarm(place, error) : error;
    }
  };

  const openObject = async (
    place: ValuePlace,
    objectKey: string | null,
    wrapped: { readonly wrappedKey: Buffer; readonly wrappedBy: string },
  ): Promise<Buffer> => {
    const { scope } = place;
    const object = objectKey === null ? undefined : await objects.get(scopeId(scope), objectKey);
    if (objectKey === null || object === undefined) {
      throw alarm(place, new Error(`The object ${objectKey} is missing.`));
    }
    const sealed = { ciphertext: object, ...wrapped };
    return await guarded(place, () => keys.openData(scope, aadOf(place, objectKey), sealed));
  };

  return {
    async seal(scope, path, version, data) {
      const place = { scope, path, version };
      if (envelopeBytes(data.length) <= thresholdBytes) {
        return { objectKey: null, ...(await guarded(place, () => keys.sealData(scope, aadOf(place), data))) };
      }
      const { contentId, ciphertext, ...wrapped } = await guarded(place, () =>
        keys.sealContent(scope, (id) => aadOf(place, id), data),
      );
      await objects.put(scopeId(scope), contentId, ciphertext);
      return { ciphertext: null, objectKey: contentId, ...wrapped };
    },

    open(scope, path, version, { ciphertext, objectKey, wrappedKey, wrappedBy }) {
      const place = { scope, path, version };
      if (ciphertext !== null) {
        const sealed = { ciphertext, wrappedKey, wrappedBy };
        return guarded(place, () => keys.openData(scope, aadOf(place), sealed));
      }
      return openObject(place, objectKey, { wrappedKey, wrappedBy });
    },
  };
};
