import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isVaultError } from '@scaivault/errors';
import { type ScaiKeyEmulator, startScaiKeyEmulator } from '@scaivault/scaikey-emulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedIdentitySync, startIdentitySync, webhookSecrets } from './start-identity-sync.ts';

let started: StartedIdentitySync;
let emulator: ScaiKeyEmulator;
let server: Server;
let folder: string;

const bodyOf = async (request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(Buffer.concat(await request.toArray()));

/** What the gateway does with this call, in small. */
const startGateway = (): Promise<string> => {
  server = createServer((request, response) => {
    const header = (name: string) => String(request.headers[name]);
    void bodyOf(request)
      .then((body) =>
        started.webhook.receiveScaiKeyEvent({
          body,
          signature: header('x-scaikey-signature'),
          eventId: header('x-scaikey-event-id'),
          eventType: header('x-scaikey-event-type'),
        }),
      )
      .then(
        () => response.writeHead(200).end(),
        (error: unknown) => response.writeHead(isVaultError(error) ? error.httpStatus : 500).end(),
      );
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
    });
  });
};

beforeAll(async () => {
  started = await startIdentitySync('direct');
  folder = await mkdtemp(join(tmpdir(), 'identity-emulator-'));
  emulator = await startScaiKeyEmulator({
    host: '127.0.0.1',
    port: 0,
    stateFile: join(folder, 'state.json'),
    webhook: { url: await startGateway(), secret: webhookSecrets[1] },
  });
  await emulator.deliverAll();
});
afterAll(async () => {
  await emulator.stop();
  await new Promise((resolve) => server.close(resolve));
  await started[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const caller = async (subject: string, tenantId = 'tnt_acme_prod') =>
  (await started.feed.lookupCaller({ tenantId, subject, identityId: 'user:x' })).caller;
const groupsOf = async (subject: string) => (await caller(subject))?.groups.map(({ identityId }) => identityId);

it('mirrors the whole directory that ScaiKey starts with', async () => {
  expect(await started.feed.lookupTenant({ tenantId: 'tnt_acme_prod' })).toMatchObject({
    found: true,
    partnerId: 'ptn_acme',
    status: 'ACTIVE',
  });
  expect(await caller('usr_alice')).toMatchObject({
    identityId: 'user:alice@acme.example',
    displayName: 'Alice Archer',
    roles: ['tenant_admin'],
  });
  expect(await caller('sa_ci')).toMatchObject({ identityId: 'sa:ci', identityType: 'service_account' });
  expect(await groupsOf('usr_bob')).toEqual(['group:oncall', 'group:sre']);
});

it('follows every change, memberships through nested groups included', async () => {
  const { directory } = emulator;
  for (const spelling of ['dotted', 'underscored', 'resource'] as const) {
    await directory.addMember('grp_sre', 'sa_ci', { spelling });
    await emulator.deliverAll();
    expect(await groupsOf('sa_ci')).toEqual(['group:oncall', 'group:sre']);
    await directory.removeMember('grp_sre', 'sa_ci', { spelling });
    await emulator.deliverAll();
    expect(await groupsOf('sa_ci')).toEqual([]);
  }
  await directory.change('users', 'usr_bob', {
    email: 'robert@acme.example',
    status: 'SUSPENDED',
    password_changed: true,
  });
  await directory.change('groups', 'grp_sre', { name: 'reliability' });
  await emulator.deliverAll();
  expect(await caller('usr_bob')).toMatchObject({
    identityId: 'user:robert@acme.example',
    status: 'SUSPENDED',
    groups: [{ identityId: 'group:oncall' }, { identityId: 'group:reliability' }],
  });
  expect((await caller('usr_bob'))?.tokensVoidBeforeMicros).toBeDefined();
  await directory.remove('groups', 'grp_sre');
  await emulator.deliverAll();
  expect(await groupsOf('usr_bob')).toEqual([]);
  await directory.remove('users', 'usr_bob');
  await directory.remove('partners', 'ptn_acme');
  await emulator.deliverAll();
  expect(await caller('usr_bob')).toMatchObject({ status: 'DELETED' });
  expect(await started.feed.lookupTenant({ tenantId: 'tnt_acme_dev' })).toMatchObject({ status: 'DELETED' });
});
