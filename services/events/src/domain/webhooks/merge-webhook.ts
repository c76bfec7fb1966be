import { fieldError } from '@scaivault/errors';
import { parseDuration } from '@scaivault/tenancy';
import type { EventFilters } from '../listener.ts';
import { noFilters, type WebhookFields } from './webhook.ts';

/** A merge patch (RFC 7396): undefined keeps, a name among `nulls` clears. */
export interface WebhookPatch {
  readonly name: string | undefined;
  readonly url: string | undefined;
  readonly secret: string | undefined;
  readonly previousSecretTtl: string | undefined;
  readonly events: readonly string[] | undefined;
  readonly filters: EventFilters | undefined;
  readonly isEnabled: boolean | undefined;
  /** Names as the contract writes them, `previous_secret_ttl`. */
  readonly nulls: readonly string[];
}

const clearable = new Set(['filters', 'enabled', 'previous_secret_ttl']);
const required = new Set(['name', 'url', 'secret', 'events']);
const usualPreviousMs = 86_400_000;
const mostPreviousSeconds = 7 * 86_400;

/** 422 for a null that no field takes: required fields cannot be cleared, unknown ones must not pass unnoticed. */
export const checkNulls = (nulls: readonly string[]): void => {
  for (const field of nulls) {
    if (required.has(field)) throw fieldError(field, 'required', 'cannot be null');
    if (!clearable.has(field)) throw fieldError(field, 'unknown', 'is not known');
  }
};

/** Milliseconds for which the former secret goes on; 422 beyond 7 days, or where there is no new one. */
export const previousForMs = ({
  secret,
  previousSecretTtl,
}: {
  readonly secret?: string | undefined;
  readonly previousSecretTtl?: string | undefined;
}): number => {
  const field = 'previous_secret_ttl';
  if (previousSecretTtl === undefined) return usualPreviousMs;
  if (secret === undefined) throw fieldError(field, 'conflict', 'goes with a new secret only');
  const { seconds } = parseDuration(previousSecretTtl, { field, allowZero: true });
  if (seconds > mostPreviousSeconds) throw fieldError(field, 'range', 'must be at most 7d');
  return seconds * 1000;
};

/** The fields after the patch; what is cleared goes back to its default. */
export const mergeWebhook = (current: WebhookFields, patch: WebhookPatch): WebhookFields => ({
  name: patch.name ?? current.name,
  url: patch.url ?? current.url,
  events: patch.events ?? current.events,
  filters: patch.nulls.includes('filters') ? noFilters : (patch.filters ?? current.filters),
  isEnabled: patch.nulls.includes('enabled') ? true : (patch.isEnabled ?? current.isEnabled),
});
