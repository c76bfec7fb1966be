import { isVaultError } from '@scaivault/errors';
import { type Scope, type ScopeId, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { AccessTimes } from '../ports.ts';
import type { Clock } from './clock.ts';

/** When secrets were read, kept in this process until it is written down (rest-api-core 4.1: late, to the minute). */
export interface AccessRecorder {
  /** Remembers that the secret is read now; never fails and never waits. */
  note(scope: Scope, path: SecretPath): void;
  /** Writes down what was noted until now; never rejects. What could not be written is tried again the next time. */
  flush(): Promise<void>;
}

interface Access {
  readonly name: string;
  readonly scopeId: ScopeId;
  readonly path: SecretPath;
  readonly atMicros: number;
}

const minuteMicros = 60_000_000;
const mostNoted = 10_000;
/** From here on they are not left for the next flush; the other half has room for what is read while it runs. */
const flushAt = mostNoted / 2;
const mostAtOnce = 500;

/**
 * Remembers at most 10,000 secrets; while the store is away, those beyond are left out, since a time of access is not
 * worth a read. One that was noted in this minute costs a single look.
 */
export const createAccessRecorder = ({
  times,
  clock,
  onFailure,
}: {
  readonly times: AccessTimes;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}): AccessRecorder => {
  // An entry stays until this very time is written, so that a failure loses nothing and the bound holds throughout.
  const noted = new Map<string, Access>();

  const save = async (owner: ScopeId, batch: readonly Access[]): Promise<void> => {
    await times.save(owner, batch);
    for (const access of batch) if (noted.get(access.name) === access) noted.delete(access.name);
  };

  const saveAll = async (): Promise<void> => {
    for (const [owner, accesses] of Map.groupBy(noted.values(), (access) => access.scopeId)) {
      for (let start = 0; start < accesses.length; start += mostAtOnce) {
        try {
          await save(owner, accesses.slice(start, start + mostAtOnce));
        } catch (error) {
          onFailure(error);
          // Away for one is away for all.
          if (isVaultError(error, 'service_unavailable')) return;
        }
      }
    }
  };

  // One after the other, so that a flush also writes what was noted during the one before it.
  let latest = Promise.resolve();
  const flush = (): Promise<void> => {
    latest = latest.then(saveAll);
    return latest;
  };

  return {
    note(scope, path) {
      const owner = scopeId(scope);
      const name = `${owner} ${path}`;
      const now = clock();
      const atMicros = now - (now % minuteMicros);
      const before = noted.get(name);
      if (before?.atMicros === atMicros || (before === undefined && noted.size === mostNoted)) return;
      noted.set(name, { name, scopeId: owner, path, atMicros });
      if (before === undefined && noted.size === flushAt) void flush();
    },
    flush,
  };
};
