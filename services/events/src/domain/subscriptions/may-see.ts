import type { AbsentCaller, Caller } from '@scaivault/pipeline';

/** Whose right to see an event is asked: a caller, or an owner who is not there. */
export interface Reader extends Pick<AbsentCaller, 'isTenantAdmin'>, Pick<Caller, 'judge'> {
  /** False for a token that is narrowed to some paths. */
  readonly seesPathless: boolean;
}

/**
 * Whether somebody may be told of an event: by `list` on its path. Events without a path are for tenant admins, unless
 * their token is narrowed to paths (rest-api-core 10).
 */
export const maySee = ({ judge, isTenantAdmin, seesPathless }: Reader, { path }: { readonly path: string | null }) =>
  path === null ? isTenantAdmin && seesPathless : judge('list', path).allowed;
