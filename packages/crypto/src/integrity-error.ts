/** `format`: the bytes are no envelope of a known version; `authentication`: key, context or bytes do not belong together. */
export type IntegrityFault = 'format' | 'authentication';

/**
 * Stored bytes are not what was once written for this place. It says no more than `fault`: which of the checks failed
 * would help an attacker only, and no part of the data or of a key may travel in an error.
 */
export class IntegrityError extends Error {
  readonly fault: IntegrityFault;

  constructor(fault: IntegrityFault) {
    super(fault === 'format' ? 'Stored ciphertext has an unknown format.' : 'Stored ciphertext failed authentication.');
    this.name = 'IntegrityError';
    this.fault = fault;
  }
}
