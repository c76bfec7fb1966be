import type { Figure } from '@scaivault/measure/ledger/figure';
import type { Certificate } from '@scaivault/measure/ledger/ledger';
import type { VaultUnderTest } from './vault-under-test.ts';

/** What a scenario brings home. */
export interface Findings {
  readonly figures: readonly Figure[];
  readonly certificates: readonly Certificate[];
}

export const certifyAll = async (vaults: readonly VaultUnderTest[]): Promise<readonly Certificate[]> =>
  (await Promise.all(vaults.map((under) => under.certify()))).flat();
