import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import type { DirectoryData } from './directory.ts';
import { seedDirectory } from './seed.ts';
import { seedEvents } from './seed-events.ts';
import { generateKeys, type StoredKey } from './signing-keys.ts';
import type { TokenRequest } from './token-request.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** A personal access token; only the SHA-256 of its text is kept, as ScaiKey shows it once. */
interface PersonalToken {
  readonly id: string;
  readonly sha256: string;
  readonly request: TokenRequest;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Everything that survives a restart. */
export interface EmulatorState {
  webhookId: string;
  webhookSecret: string;
  keys: StoredKey[];
  directory: DirectoryData;
  personalTokens: PersonalToken[];
  /** Not yet delivered, oldest first. */
  waitingEvents: WebhookEvent[];
}

/** The state of a first start: these keys or fresh ones, the seed directory, and an event for each object in it. */
export const createState = async (now: () => Date, keys?: readonly StoredKey[]): Promise<EmulatorState> => {
  const timestamp = now().toISOString();
  const directory = seedDirectory(timestamp);
  return {
    webhookId: `whk_${ulid()}`,
    webhookSecret: randomBytes(32).toString('base64url'),
    keys: [...(keys ?? (await generateKeys()))],
    directory,
    personalTokens: [],
    waitingEvents: seedEvents(directory, timestamp),
  };
};
