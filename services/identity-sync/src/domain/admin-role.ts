import { VaultError } from '@scaivault/errors';

/** The administrator roles, from low to high (rest-api-core 2.4). */
export const adminRoles = [
  {
    name: 'tenant_admin',
    description: 'Administers one tenant: all its paths, policies and settings.',
    grantableBy: ['partner_admin', 'super_admin'],
  },
  {
    name: 'partner_admin',
    description: 'Administers all tenants of one partner, and what they share.',
    grantableBy: ['partner_admin', 'super_admin'],
  },
  {
    name: 'super_admin',
    description: 'Administers the whole installation.',
    grantableBy: ['super_admin'],
  },
] as const;

export type AdminRole = (typeof adminRoles)[number]['name'];

const isAdminRole = (word: string): word is AdminRole => adminRoles.some(({ name }) => name === word);

/** Each once, in their order; 400 `invalid_role` for a word that is none. */
export const readRoles = (words: readonly string[]): readonly AdminRole[] => {
  const strange = words.find((word) => !isAdminRole(word));
  if (strange !== undefined) {
    const allowed = adminRoles.map(({ name }) => name);
    throw new VaultError('invalid_role', `There is no such role; known are ${allowed.join(', ')}.`, {
      details: { allowed },
    });
  }
  return adminRoles.map(({ name }) => name).filter((name) => words.includes(name));
};

/** 0 without any; other words do not count. */
export const rankOf = (roles: Iterable<string>): number => {
  const held = new Set(roles);
  return adminRoles.reduce((rank, { name }, index) => (held.has(name) ? index + 1 : rank), 0);
};
