import type { StartedVault } from '@scaivault/testkit/start-vault';
import type { KillableService } from '@scaivault/testkit/take-over-service';

/** A vault as one process per service, of which one can be killed and started again. */
export interface Trouble {
  readonly vault: StartedVault;
  readonly auditWriter: KillableService;
}
