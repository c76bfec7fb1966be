export type IdentityType = 'user' | 'service_account';
export type ResolvableType = IdentityType | 'group';

const prefixes: Readonly<Record<ResolvableType, string>> = { user: 'user:', service_account: 'sa:', group: 'group:' };

/** `user:<email>`, `sa:<name>` or `group:<name>` (rest-api-core 1.3); null without a name. */
export const identityString = (type: ResolvableType, name: string | null): string | null => {
  if (name === null) return null;
  return name.startsWith(prefixes[type]) ? name : `${prefixes[type]}${name}`;
};

/** What a string made of token claims stands for. */
export const typeOfClaimed = (identityId: string): IdentityType =>
  identityId.startsWith(prefixes.service_account) ? 'service_account' : 'user';
