import { fieldError } from '@scaivault/errors';
import { parseDuration } from '@scaivault/tenancy';
import { parseJson } from './json-object.ts';

/** Notices of an expiry unless a writer says otherwise (rest-api-core 4.3). */
export const defaultNotifyBefore: readonly string[] = ['30d', '7d', '1d'];

const mostNotices = 10;

/**
 * The durations of `options.notify_before`, as they were sent; 422 for anything but a list of at most ten texts, 400
 * `invalid_duration` for a text that is no duration.
 */
export const parseNoticeTimes = (bytes: Uint8Array): readonly string[] => {
  const field = 'options.notify_before';
  const { value } = parseJson(bytes, field, 'a list of durations');
  if (!Array.isArray(value)) throw fieldError(field, 'type', 'must be a list of durations');
  if (value.length > mostNotices) throw fieldError(field, 'length', `must have at most ${mostNotices} items`);
  return value.map((item: unknown, index) => {
    if (typeof item !== 'string') throw fieldError(`${field}[${index}]`, 'type', 'must be a duration');
    parseDuration(item, { field: `${field}[${index}]` });
    return item;
  });
};
