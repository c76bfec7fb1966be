/** Every scope word except `admin` (rest-api-core 2.3). */
export const everydayScopes = [
  'secrets:read',
  'secrets:write',
  'secrets:delete',
  'secrets:list',
  'secrets:rotate',
  'policies:read',
  'policies:write',
  'audit:read',
  'audit:export',
  'subscriptions:read',
  'subscriptions:write',
  'identity:read',
  'identity:admin',
  'pki:issue',
  'pki:admin',
  'dynamic:read',
  'dynamic:generate',
  'dynamic:manage',
  'federation:read',
  'federation:write',
] as const;

const adminRoles: readonly string[] = ['tenant_admin', 'partner_admin', 'super_admin'];

/** What a development token may do when nobody says: everything, and `admin` only for holders of an admin role. */
export const defaultScopes = (roles: readonly string[]): string[] =>
  roles.some((role) => adminRoles.includes(role)) ? [...everydayScopes, 'admin'] : [...everydayScopes];
