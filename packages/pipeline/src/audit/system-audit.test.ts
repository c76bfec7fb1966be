import { VaultError } from '@scaivault/errors';
import { parseTenantId } from '@scaivault/tenancy';
import { createMemoryAudit } from '@scaivault/testkit';
import { describe, expect, it } from 'vitest';
import { createSystemAudit } from './system-audit.ts';

const deed = { tenantId: parseTenantId('tnt_a'), action: 'identity_sync' } as const;

const stage = () => createMemoryAudit('system:identity-sync');

describe("our own jobs' deeds", () => {
  it('leave rows like those of users, under the name of the service', async () => {
    const { journal, audit } = stage();
    const result = await audit.deed({ ...deed, secretPath: 'app/db' }, async (note) => {
      expect(journal.outcomes).toEqual([]);
      note({ created: 2 });
      return 'done';
    });
    expect(result).toBe('done');
    expect(journal.outcomes).toMatchObject([
      {
        tenantId: 'tnt_a',
        action: 'identity_sync',
        identityType: 'system',
        identityId: 'system:identity-sync',
        secretPath: 'app/db',
        success: true,
      },
    ]);
  });

  it('are not done without a journal', async () => {
    const unavailable = new VaultError('audit_unavailable', 'Full.');
    const audit = createSystemAudit({ open: () => Promise.reject(unavailable) }, 'system:policy');
    let isDone = false;
    const work = async (): Promise<void> => {
      isDone = true;
    };
    await expect(audit.deed(deed, work)).rejects.toBe(unavailable);
    await expect(
      audit.finding(deed, async (begin) => {
        await begin({});
        await work();
      }),
    ).rejects.toBe(unavailable);
    expect(isDone).toBe(false);
  });

  it('say with which code they failed', async () => {
    const { journal, audit } = stage();
    const away = new VaultError('service_unavailable', 'Away.');
    await expect(audit.deed(deed, () => Promise.reject(away))).rejects.toBe(away);
    const fails = audit.finding(deed, async (begin) => {
      await begin({ removed: 1 });
      throw away;
    });
    await expect(fails).rejects.toBe(away);
    expect(journal.outcomes).toMatchObject([
      { success: false, errorCode: 'service_unavailable' },
      { success: false, errorCode: 'service_unavailable' },
    ]);
  });

  it('leave no row where there was nothing to do', async () => {
    const { journal, audit } = stage();
    expect(await audit.finding(deed, () => Promise.resolve(0))).toBe(0);
    await expect(audit.finding(deed, () => Promise.reject(new Error('before')))).rejects.toThrow('before');
    expect(journal.outcomes).toEqual([]);
    await audit.finding(deed, (begin) => begin({ removed: 3 }));
    expect(journal.outcomes).toHaveLength(1);
  });
});
