import { CredentialsService, SecretsService } from '@scaivault/contracts';
import { describeOnEveryWire, type StartedModule } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSecrets } from './start-secrets.ts';

const path = 'export/bucket';
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

describeOnEveryWire('CredentialsService', (wire) => {
  let vault: StartedModule;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ vault, close } = await startSecrets(wire));
    const secrets = await vault.client(SecretsService);
    await secrets.putSecret({ path, data: new TextEncoder().encode('{"key":"k"}') });
    vault.world.policies.push({
      id: 'pol_1',
      name: 'from the office',
      scope: 'tenant',
      priority: 1,
      createdAtMs: 0,
      rules: [
        {
          path_pattern: 'export/*',
          permissions: ['read'],
          effect: 'allow',
          conditions: { ip_ranges: ['203.0.113.0/24'] },
        },
      ],
      bindings: [{ identityType: 'user', identityId: 'user:olga@a.example', subjectId: null, expiresAtMs: null }],
    });
  });
  afterAll(() => close());

  const olga = { sub: 'usr_olga', email: 'olga@a.example', roles: [], scope: 'audit:export' };
  const at = (sourceIp: string, claims: Parameters<StartedModule['client']>[1] = olga) =>
    vault.client(
      CredentialsService,
      claims,
      { 'x-scaivault-source-ip': sourceIp, 'x-scaivault-request-id': 'req_told', 'x-scaivault-user-agent': 'curl/8' },
      'audit-writer',
    );

  it('reads with the right of the caller, judged at the address from which the caller came, and leaves a row of that', async () => {
    const { data, version } = await (await at('203.0.113.9')).readExportCredentials({ path });
    expect([text(data), version]).toEqual(['{"key":"k"}', 1]);
    const row = { action: 'read', identityId: 'user:olga@a.example', secretPath: path, requestId: 'req_told' };
    expect(vault.journal.outcomes.at(-1)).toMatchObject({ ...row, sourceIp: '203.0.113.9', success: true });

    await expect((await at('198.51.100.1')).readExportCredentials({ path })).rejects.toMatchObject({
      code: 'ip_not_allowed',
    });
    expect(vault.journal.outcomes.at(-1)).toMatchObject({ ...row, sourceIp: '198.51.100.1', success: false });
  });

  it('refuses as a read does', async () => {
    const admin = await at('203.0.113.9', {});
    await expect(admin.readExportCredentials({ path: 'export/none' })).rejects.toMatchObject({
      code: 'secret_not_found',
    });
    await expect((await at('203.0.113.9')).readExportCredentials({ path: 'other/path' })).rejects.toMatchObject({
      code: 'access_denied',
    });
    const reader = await at('203.0.113.9', { scope: 'secrets:read' });
    await expect(reader.readExportCredentials({ path })).rejects.toMatchObject({ code: 'insufficient_scope' });
    const stranger = await at('203.0.113.9', { tenant_id: 'tnt_b' });
    await expect(stranger.readExportCredentials({ path })).rejects.toMatchObject({ code: 'secret_not_found' });
  });

  it.each(['gateway', 'policy', 'secrets'] as const)('is closed to %s, whatever token it brings', async (from) => {
    const client = await vault.client(CredentialsService, {}, {}, from);
    await expect(client.readExportCredentials({ path })).rejects.toMatchObject({
      code: 'forbidden',
      details: { reason: 'peer_not_allowed' },
    });
  });

  it('is closed to the audit-writer without a token', async () => {
    const peer = await vault.peer(CredentialsService, 'audit-writer');
    await expect(peer.readExportCredentials({ path })).rejects.toMatchObject({ code: 'authentication_required' });
  });
});
