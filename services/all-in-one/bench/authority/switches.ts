import { sendScaiKeyEvent } from '@scaivault/testkit/send-scaikey-event';
import type { Question } from './load.ts';
import type { Stage } from './stage.ts';

/** One thing that opens and closes a path for somebody. */
export interface Switch {
  readonly question: Question;
  /** Opens or closes it through that gateway; resolves with the answer, from which on it has to be in force. */
  set(allowed: boolean, gateway: string): Promise<void>;
}

export type SwitchName = 'policy' | 'binding' | 'role' | 'webhook';

const tenantId = 'tnt_acme_prod';
const rulesFor = (name: string) => [{ path_pattern: `bench/${name}`, permissions: ['read'] }];

const openClient = (token: string) => {
  const call = async (gateway: string, method: string, path: string, body?: object) => {
    const answer = await fetch(`${gateway}${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
    return (text === '' ? undefined : JSON.parse(text)) as any;
  };
  return call;
};

/** A switch of each kind, all closed, and the secrets they open. */
export const makeSwitches = async (stage: Stage): Promise<Readonly<Record<SwitchName, Switch>>> => {
  const { vault, gateways } = stage;
  const [gateway = ''] = gateways;
  const call = openClient(vault.token);
  const callAsPartner = openClient(await vault.mint({ sub: 'carol@acme.example' }));
  const send = (url: string, type: string, id: string, data: Readonly<Record<string, unknown>>): Promise<void> =>
    sendScaiKeyEvent({ url, secret: vault.webhookSecret }, { type, id, data, tenantId, partnerId: 'ptn_acme' });
  const names: readonly SwitchName[] = ['policy', 'binding', 'role', 'webhook'];
  for (const name of names) await call(gateway, 'PUT', `/v1/secrets/bench/${name}`, { data: { n: 1 } });
  const makePolicy = async (name: string, identity_type: string, identity_id: string): Promise<string> => {
    const { id } = await call(gateway, 'POST', '/v1/policies', { name: `bench ${name}`, rules: rulesFor(name) });
    await call(gateway, 'POST', `/v1/policies/${id}/bindings`, { identity_type, identity_id });
    return id;
  };
  const question = async (name: SwitchName, sub: string): Promise<Question> => ({
    path: `bench/${name}`,
    token: await vault.mint({ sub, tenant_id: tenantId }),
  });

  const bindings = `/v1/policies/${await makePolicy('binding', 'group', 'group:nobody')}/bindings`;
  const account = { identity_type: 'service_account', identity_id: 'sa:bench-binding' };
  let bindingId = '';
  const policy = `/v1/policies/${await makePolicy('policy', 'service_account', 'sa:bench-policy')}`;
  for (const id of ['usr_bench_role', 'usr_bench_group'])
    await send(gateway, 'user.created', id, { id, email: `${id}@acme.example`, status: 'ACTIVE' });
  await send(gateway, 'group.created', 'grp_bench', { id: 'grp_bench', name: 'bench' });
  await makePolicy('webhook', 'group', 'group:bench');
  const member = { group_id: 'grp_bench', user_id: 'usr_bench_group' };

  const switches: Readonly<Record<SwitchName, Switch>> = {
    policy: {
      question: await question('policy', 'sa:bench-policy'),
      set: (allowed, at) => call(at, 'PATCH', policy, { is_active: allowed }),
    },
    binding: {
      question: await question('binding', 'sa:bench-binding'),
      set: async (allowed, at) => {
        if (allowed) ({ id: bindingId } = await call(at, 'POST', bindings, account));
        else await call(at, 'DELETE', `${bindings}/${bindingId}`);
      },
    },
    role: {
      question: await question('role', 'usr_bench_role'),
      set: (allowed, at) =>
        callAsPartner(at, 'PUT', '/v1/identity/users/usr_bench_role/roles', { roles: allowed ? ['tenant_admin'] : [] }),
    },
    webhook: {
      question: await question('webhook', 'usr_bench_group'),
      set: (allowed, at) => send(at, `group.member.${allowed ? 'added' : 'removed'}`, 'grp_bench', member),
    },
  };
  await switches.policy.set(false, gateway);
  return switches;
};
