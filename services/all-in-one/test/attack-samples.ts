import type { PublicRpc } from './attack-rpcs.ts';
import { bucketName } from './open-bucket.ts';

/** Names of one thing of each kind: all of one tenant's, or none of anybody's. Keys are the contract's parameters. */
export interface Targets {
  readonly path: string;
  readonly policy_id: string;
  readonly binding_id: string;
  readonly secret_policy_id: string;
  readonly webhook_id: string;
  readonly delivery_id: string;
  readonly subscription_id: string;
  readonly identity_type: string;
  readonly identity_id: string;
  readonly user_id: string;
  readonly group_id: string;
  readonly tenant_id: string;
  readonly partner_id: string;
  /** An audit record that is sealed, and the checkpoint that seals it. */
  readonly log_id: string;
  readonly checkpoint_id: string;
  readonly export_id: string;
  /** A secret with the credentials of a bucket. */
  readonly credentials_path: string;
  /** A bearer token. */
  readonly token: string;
}

export interface AttackRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  /** null sends none. */
  readonly token: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A sound body of each RPC that takes one; what it names, it names by the targets. */
const bodies: Readonly<Record<string, (targets: Targets) => object>> = {
  PutSecret: ({ secret_policy_id }) => ({ options: { generate_from: secret_policy_id } }),
  RestoreSecret: () => ({}),
  UpdateMetadata: () => ({ metadata: { owner: 'attacker' } }),
  RotateSecret: () => ({ data: { value: 'attacked' } }),
  DestroyVersions: () => ({ versions: [1] }),
  BatchRead: ({ path }) => ({ paths: [path], options: { include_metadata: true } }),
  BatchReadMetadata: ({ path }) => ({ paths: [path] }),
  CreateSecretPolicy: () => ({ name: 'attack', fields: [{ name: 'a', generator: 'hex', config: {} }] }),
  UpdateSecretPolicy: () => ({ description: 'attacked' }),
  PreviewSecretPolicy: () => ({ count: 1 }),
  PreviewFields: () => ({ fields: [{ name: 'a', generator: 'hex', config: {} }] }),
  CreatePolicy: () => ({ name: 'attack', rules: [{ path_pattern: '**', permissions: ['admin'] }] }),
  ReplacePolicy: () => ({ name: 'attack', rules: [{ path_pattern: '**', permissions: ['admin'] }] }),
  UpdatePolicy: () => ({ description: 'attacked' }),
  CreateBinding: () => ({ identity_type: 'user', identity_id: 'user:attacker@umbrella.example' }),
  PutRateLimits: () => ({ limits: { 'secrets:read': 1 } }),
  SetAuditSettings: () => ({ retention_days: 30 }),
  CreateWebhook: () => ({ name: 'attack', url: 'https://127.0.0.1:9/', secret: 'the-secret-of-attack', events: ['*'] }),
  UpdateWebhook: () => ({ name: 'attacked' }),
  CreateSubscription: () => ({ name: 'attack', paths: ['**'], events: ['*'], delivery: { type: 'polling' } }),
  UpdateSubscription: () => ({ name: 'attacked' }),
  AcknowledgeEvents: () => ({ event_ids: ['evt_01J9ZC4A0B1C2D3E4F5G6H7J8K'] }),
  SetUserRoles: () => ({ roles: ['tenant_admin'] }),
  IntrospectToken: ({ token }) => ({ token }),
  VerifyCheckpoints: () => ({}),
  CreateExport: ({ credentials_path }) => ({
    from: '2026-01-01T00:00:00Z',
    to: '2026-12-31T00:00:00Z',
    format: 'jsonl',
    destination: { type: 's3', bucket: bucketName, credentials_path },
  }),
  TestPolicies: ({ identity_id, path }) => ({ identity_id, path, permission: 'read' }),
};

/** What a request asks for beside its path, where something is needed or where it can name something. */
const queries: Readonly<Record<string, (targets: Targets) => Readonly<Record<string, string>>>> = {
  ListTenants: ({ partner_id }) => ({ partner_id }),
  StartSync: ({ tenant_id }) => ({ tenant_id }),
  ListAccess: ({ path }) => ({ path, permission: 'read' }),
  PollSubscription: () => ({ timeout: '0' }),
  AnalyzePolicy: ({ identity_id }) => ({ identity_id }),
  QueryAuditLogs: ({ identity_id }) => ({ identity_id }),
};

/** What a tenant may say of an identity before there is one, so that no identity of another tenant is meant by it. */
export const namesOwnOnly: ReadonlySet<string> = new Set(['PutRateLimits']);

/** What tells the caller's own deeds, which the attacks before this one were. */
export const tellsOwnDeeds: ReadonlySet<string> = new Set(['ReadSecretTrail']);

/** What RPCs without a token answer to somebody who proves nothing. */
const openDoors: Readonly<Record<string, { readonly body: object; readonly status: number; readonly code: string }>> = {
  ReceiveScaiKeyEvent: { body: {}, status: 401, code: 'signature_invalid' },
  ExchangeToken: { body: { subject_token: 'garbage' }, status: 401, code: 'token_invalid' },
};

export const openDoorOf = (rpc: PublicRpc) => openDoors[rpc.name];

const parameters = /\{([a-z_]+)(?:=\*\*)?\}/g;

/** Names of targets that an address of the RPC needs and that nobody has thought of. */
const unknownParameters = ({ template }: PublicRpc, targets: Targets): readonly string[] =>
  [...template.matchAll(parameters)].map((match) => match[1] ?? '').filter((name) => !Object.hasOwn(targets, name));

/** Why the matrix cannot attack an RPC, in words for its author; undefined when it can. */
export const whyNotAttacked = (rpc: PublicRpc, targets: Targets): string | undefined => {
  const unknown = unknownParameters(rpc, targets);
  if (unknown.length > 0)
    return `${rpc.id}: add ${unknown.join(', ')} to Targets in attack-samples.ts, and make one in attack-world.ts`;
  if (rpc.isPublic)
    return openDoorOf(rpc) === undefined ? `${rpc.id}: add its refusal to openDoors in attack-samples.ts` : undefined;
  if (rpc.hasBody && bodies[rpc.name] === undefined)
    return `${rpc.id}: add a sound body to bodies in attack-samples.ts`;
  const query = queries[rpc.name]?.(targets) ?? {};
  const unset = rpc.neededQuery.filter((name) => !Object.hasOwn(query, name));
  if (unset.length > 0) return `${rpc.id}: add ${unset.join(', ')} to queries in attack-samples.ts`;
  return undefined;
};

/** Where it stands behind `/v1/`: nothing, `partner/`, or `t/{tenant}/`. */
export type Prefix = '' | 'partner/' | `t/${string}/`;

/** The request that asks an RPC about these things. */
export const requestFor = (
  rpc: PublicRpc,
  targets: Targets,
  token: string | null,
  { prefix = '', headers = {} }: { readonly prefix?: Prefix; readonly headers?: Record<string, string> } = {},
): AttackRequest => {
  const filled = rpc.template.replaceAll(parameters, (_, name: keyof Targets) => targets[name]);
  const body = bodies[rpc.name];
  const query = new URLSearchParams(queries[rpc.name]?.(targets)).toString();
  return {
    method: rpc.httpMethod,
    path: filled.replace('/v1/', `/v1/${prefix}`) + (query === '' ? '' : `?${query}`),
    token,
    headers,
    ...(rpc.hasBody && body !== undefined ? { body: body(targets) } : {}),
  };
};
