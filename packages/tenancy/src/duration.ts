import { fieldError, VaultError } from '@scaivault/errors';

export interface Duration {
  /** As it was sent; answers repeat it unchanged. */
  readonly text: string;
  readonly seconds: number;
}

export interface DurationOptions {
  /** The request field the text came from, for the refusal. */
  readonly field: string;
  /** Whether a duration of no length makes sense here. */
  readonly allowZero?: boolean;
}

const maxSeconds = 3650 * 86_400;
const maxTextLength = 64;
const form = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;
const unitSeconds = [604_800, 86_400, 3_600, 60, 1];

const readSeconds = (text: string): number | undefined => {
  if (text === '' || text.length > maxTextLength) return undefined;
  const amounts = form.exec(text)?.slice(1);
  return amounts?.reduce((sum, amount, index) => sum + Number(amount ?? 0) * (unitSeconds[index] ?? 0), 0);
};

/**
 * A duration such as `90s` or `1h30m` (rest-api-core 1.4), up to ten years; zero only where `allowZero` says so. 400
 * `invalid_duration` with `details.field`; a value that is no string is 422 `validation_error`.
 */
export const parseDuration = (text: unknown, { field, allowZero = false }: DurationOptions): Duration => {
  if (typeof text !== 'string') throw fieldError(field, 'type', 'must be a duration such as "1h30m"');
  const seconds = readSeconds(text);
  if (seconds === undefined || seconds > maxSeconds || (seconds === 0 && !allowZero)) {
    throw new VaultError('invalid_duration', `${field} is not a duration such as "1h30m", of at most 3650d.`, {
      details: { field },
    });
  }
  return { text, seconds };
};
