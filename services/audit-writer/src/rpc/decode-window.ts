import { fieldError } from '@scaivault/errors';
import { parseTimestamp } from '@scaivault/tenancy';
import type { LogWindow } from '../domain/log-window.ts';

/** Microseconds since the epoch; 422 for what is no timestamp. */
export const decodeTime = (field: string, text: string): number => {
  const micros = parseTimestamp(text);
  if (micros === undefined) throw fieldError(field, 'format', 'must be an RFC 3339 timestamp');
  return micros;
};

/** `from` and `to` as far as they were given. */
export const decodeWindow = ({
  from,
  to,
}: {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}): Partial<LogWindow> => ({
  ...(from === undefined ? {} : { fromMicros: decodeTime('from', from) }),
  ...(to === undefined ? {} : { toMicros: decodeTime('to', to) }),
});
