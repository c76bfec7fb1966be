import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import {
  AuditIngestService,
  type AuditRecord,
  BatchReadResponseSchema,
  IdentityService,
  IngestAuditRecordsResponseSchema,
  ListSecretsResponseSchema,
  PutSecretResponseSchema,
  ReceiveScaiKeyEventResponseSchema,
  SecretSchema,
  SecretsService,
  WhoAmIResponseSchema,
} from '@scaivault/contracts';
import { isVaultError, type VaultError } from '@scaivault/errors';
import type { PolicyRecord } from '@scaivault/policy-engine';
import { mount } from '@scaivault/runtime';
import { scopeId } from '@scaivault/tenancy';
import { type StartedModule, startModule, type Wire } from '@scaivault/testkit';
import { type Caller, callerOf, callOf, type Idempotency, targetOf, withIdempotency } from '../src/index.ts';

/** What a test wants the handlers to do beyond answering, and what they have seen. */
export interface Probe {
  readonly started: StartedModule;
  /** Contexts that ReadSecret was called with. */
  readonly reads: HandlerContext[];
  onRead: (context: HandlerContext) => Promise<void> | void;
  onList: (caller: Caller, context: HandlerContext) => void;
  onBatch: (paths: readonly string[], context: HandlerContext) => Promise<void>;
  onEvent: (context: HandlerContext) => Promise<void>;
}

const unused = (): Promise<never> => Promise.reject(new Error('This RPC is not part of the test.'));

/** No call of these suites carries an Idempotency-Key. */
const withoutMemory: Idempotency = { begin: unused, sweep: async () => {} };

/** Real contracts of every audience (bearers, any token, public, peers) with handlers that do nothing. */
export const openProbe = async (wire: Wire, env: Readonly<Record<string, string>> = {}): Promise<Probe> => {
  const probe = {
    reads: [] as HandlerContext[],
    onRead: () => {},
    onList: () => {},
    onBatch: async () => {},
    onEvent: async () => {},
  } as Omit<Probe, 'started'>;
  const secrets: Partial<ServiceImpl<typeof SecretsService>> = {
    readSecret: async (_request, context) => {
      probe.reads.push(context);
      await probe.onRead(context);
      return create(SecretSchema, { path: targetOf(context).policyPath, secretType: callerOf(context).identityId });
    },
    listSecrets: async (_request, context) => {
      probe.onList(callerOf(context), context);
      return create(ListSecretsResponseSchema, { cursor: callOf(context).prefix?.text ?? '' });
    },
    putSecret: async (_request, context) =>
      create(PutSecretResponseSchema, { path: targetOf(context).policyPath, scope: scopeId(targetOf(context).scope) }),
    deleteSecret: unused,
    batchRead: async ({ paths }, context) => {
      await probe.onBatch(paths, context);
      return create(BatchReadResponseSchema);
    },
    restoreSecret: unused,
    readMetadata: unused,
    updateMetadata: unused,
    rotateSecret: unused,
    destroyVersions: unused,
    listVersions: unused,
    listExpiring: unused,
    batchReadMetadata: unused,
  };
  const identity: Partial<ServiceImpl<typeof IdentityService>> = {
    whoAmI: async (_request, context) =>
      create(WhoAmIResponseSchema, {
        identityId: callerOf(context).identityId,
        tenantId: callerOf(context).tenantId,
        groups: callerOf(context).groups.map(({ identityId }) => identityId),
      }),
    receiveScaiKeyEvent: async (_request, context) => {
      await probe.onEvent(context);
      return create(ReceiveScaiKeyEventResponseSchema, { handled: callOf(context).caller === undefined });
    },
    resolveIdentity: unused,
  };
  const started = await startModule({
    wire,
    env,
    create: async () => ({
      name: 'probe',
      services: [
        withIdempotency(mount(SecretsService, secrets as ServiceImpl<typeof SecretsService>), withoutMemory),
        mount(IdentityService, identity as ServiceImpl<typeof IdentityService>),
        mount(AuditIngestService, { ingestAuditRecords: async () => create(IngestAuditRecordsResponseSchema) }),
      ],
      checks: {},
      start: async () => {},
      stop: async () => {},
    }),
  });
  return Object.assign(probe, { started });
};

/** A policy that lets the members of `group:readers` read and list below app/. */
export const readersPolicy: PolicyRecord = {
  id: 'pol_readers',
  name: 'readers',
  scope: 'tenant',
  priority: 100,
  createdAtMs: 0,
  rules: [{ path_pattern: 'app/**', permissions: ['read', 'list'], effect: 'allow', conditions: null }],
  bindings: [{ identityType: 'group', identityId: 'group:readers', subjectId: null, expiresAtMs: null }],
};

/** A token of nobody special, in group:readers. */
export const reader = (name: string) => ({
  sub: `usr_${name}`,
  email: `${name}@a.example`,
  roles: [],
  groups: ['readers'],
  scope: 'secrets:read secrets:list',
});

/** The refusal a call ends with; undefined when it was answered. */
export const refusalOf = async (call: Promise<unknown>): Promise<VaultError | undefined> => {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (isVaultError(error)) return error;
    throw error;
  }
};

export const extraOf = (record: AuditRecord | undefined): unknown =>
  JSON.parse(Buffer.from(record?.extraData ?? []).toString() || 'null');
