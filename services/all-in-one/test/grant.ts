import type { Answer, Vault } from '@scaivault/testkit/start-vault';

export interface Rule {
  readonly path_pattern: string;
  readonly permissions: readonly string[];
  readonly effect?: 'allow' | 'deny';
  readonly conditions?: Readonly<Record<string, unknown>>;
}

export interface Grant {
  readonly policyId: string;
  readonly bindingId: string;
}

const identityTypes: Readonly<Record<string, string>> = { user: 'user', sa: 'service_account', group: 'group' };

/** The answer, when it is the success it has to be for the test to mean anything. */
export const succeeded = (answer: Answer): Answer => {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
  return answer;
};

let count = 0;

/** A policy with these rules, as the tenant admin makes it, bound to `user:…`, `sa:…` or `group:…`. */
export const grant = async (
  vault: Vault,
  identityId: string,
  rules: readonly Rule[],
  policy: Readonly<Record<string, unknown>> = {},
): Promise<Grant> => {
  count += 1;
  const body = { name: `grant ${count}`, rules, ...policy };
  const { id: policyId } = succeeded(await vault.request('POST', '/v1/policies', { body })).json;
  const { id: bindingId } = succeeded(
    await vault.request('POST', `/v1/policies/${policyId}/bindings`, {
      body: { identity_type: identityTypes[identityId.split(':')[0] ?? ''], identity_id: identityId },
    }),
  ).json;
  return { policyId, bindingId };
};
