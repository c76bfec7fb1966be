import { create } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { CredentialsSchema, CredentialsService } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';
import { CallContext, createDirectTransport, createDispatcher, mount, type PeerName } from '@scaivault/runtime';
import { mountKeySeal } from './mount-key-seal.ts';
import { createTestKeySeal, type TestKeySeal } from './test-key-seal.ts';

export interface FakeSecrets {
  readonly keySeal: TestKeySeal;
  /** What it gives as credentials, by path. */
  readonly secrets: Map<string, object>;
  /** Who asked for them: the metadata of the calls. */
  readonly reads: CallContext['metadata'][];
  readonly transport: Transport;
}

/** Stands for the secrets service as far as it serves others of our processes, for one that calls it by this name. */
export const createFakeSecrets = (caller: PeerName): FakeSecrets => {
  const keySeal = createTestKeySeal();
  const secrets = new Map<string, object>();
  const reads: CallContext['metadata'][] = [];
  const credentials = mount(CredentialsService, {
    readExportCredentials: ({ path }, context) => {
      if (context instanceof CallContext) reads.push(context.metadata);
      const data = secrets.get(path);
      if (data === undefined)
        throw new VaultError('secret_not_found', 'There is no such secret.', { details: { path } });
      return Promise.resolve(
        create(CredentialsSchema, { data: new TextEncoder().encode(JSON.stringify(data)), version: 1 }),
      );
    },
  });
  const dispatcher = createDispatcher([mountKeySeal(keySeal), credentials], (_method, handler) => handler);
  return { keySeal, secrets, reads, transport: createDirectTransport(() => dispatcher, caller) };
};
