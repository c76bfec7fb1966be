import type { Transport } from '@connectrpc/connect';
import { EventIntakeService } from '@scaivault/contracts/events/v1/intake';
import { createClient } from '@scaivault/runtime';
import type { ScopeId } from '@scaivault/tenancy';

/** Where somebody listens to `secret.accessed`, as this process knows it: five seconds late at most. */
export interface AccessInterest {
  /** False for all when the events service could not be asked for a minute. */
  isListened(scopeId: ScopeId): boolean;
  /** Resolves when the first answer is there, or does not come at once; it is asked for again soon then. */
  start(): Promise<void>;
  stop(): void;
}

const everyMs = 5_000;
/** Until there is a first answer: a start must not wait for a service that starts too. */
const impatientMs = 500;
/** Else the outbox would fill with what every read adds for as long as the events service is away. */
const believedMs = 60_000;

/** Asks the events service every few seconds. */
export const createAccessInterest = ({
  transport,
  nowMs,
  onFailure,
}: {
  readonly transport: Transport;
  /** Milliseconds of a clock that nobody sets. */
  readonly nowMs: () => number;
  readonly onFailure: (error: unknown) => void;
}): AccessInterest => {
  const intake = createClient(EventIntakeService, transport);
  let known: { readonly scopes: ReadonlySet<string>; readonly isEverybody: boolean; readonly atMs: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const ask = async (): Promise<void> => {
    try {
      const timeoutMs = known === undefined ? impatientMs : everyMs;
      const { scopes, everybody } = await intake.findAccessScopes({}, { timeoutMs });
      known = { scopes: new Set(scopes), isEverybody: everybody, atMs: nowMs() };
    } catch (error) {
      onFailure(error);
    }
  };

  const askOnAndOn = async (): Promise<void> => {
    await ask();
    if (!isStopped) timer = setTimeout(() => void askOnAndOn(), known === undefined ? impatientMs : everyMs).unref();
  };

  return {
    isListened: (scopeId) => {
      if (known === undefined || (!known.isEverybody && known.scopes.size === 0)) return false;
      return (known.isEverybody || known.scopes.has(scopeId)) && nowMs() - known.atMs < believedMs;
    },
    start: askOnAndOn,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
};
