import type { DirectoryControl } from './directory-control.ts';
import type { EmulatorState } from './emulator-state.ts';
import type { Trust } from './exchange-token.ts';
import type { Faults } from './faults.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** What the route files share; each names the part it uses with `Pick`. */
export interface EmulatorContext {
  /** Base address in every issuer and discovery document, without a slash at its end; known once it listens. */
  readonly url: () => string;
  readonly state: EmulatorState;
  readonly save: () => Promise<void>;
  readonly now: () => Date;
  readonly directory: DirectoryControl;
  readonly tokens: TokenIssuer;
  readonly webhookUrl: () => string | undefined;
  readonly faults: Faults;
  /** Whose tokens are exchanged; in memory only, as the faults are. */
  readonly trusts: Trust[];
}
