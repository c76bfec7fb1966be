import type { Caller } from '@scaivault/pipeline';
import { type PolicyPath, scopeId } from '@scaivault/tenancy';
import type { IdentitySummary, SecretSummary } from '../domain/audit-summary.ts';
import type { Clock, SummaryStore } from '../ports.ts';
import { type LogAnswer, noFilter, type PageQuery, type ReadPage } from './read-page.ts';

/** What a trail's summary speaks of, and how far back its rows go when `from` is left out. */
const trailDays = 30;
const dayMicros = 86_400_000_000;

interface Parts {
  readonly readPage: ReadPage;
  readonly summaries: Pick<SummaryStore, 'secret' | 'identity'>;
  readonly nowMicros: Clock;
}

/** All that became of one path, whether the thing exists or not (rest-api-core 7.2). */
export const createReadSecretTrail =
  ({ readPage, summaries, nowMicros }: Parts) =>
  async (
    caller: Pick<Caller, 'scope'>,
    path: PolicyPath,
    query: PageQuery,
  ): Promise<LogAnswer & { readonly summary: SecretSummary }> => {
    const filter = { ...noFilter, path };
    const list = { route: 'ReadSecretTrail', filters: { path }, filter, order: 'desc', usualDays: trailDays } as const;
    const page = await readPage(caller, list, query);
    const since = nowMicros() - trailDays * dayMicros;
    return { ...page, summary: await summaries.secret(scopeId(caller.scope), path, since) };
  };

/** All that one identity did (rest-api-core 7.2). */
export const createReadIdentityTrail =
  ({ readPage, summaries, nowMicros }: Parts) =>
  async (
    caller: Pick<Caller, 'scope'>,
    identityId: string,
    query: PageQuery,
  ): Promise<LogAnswer & { readonly summary: IdentitySummary }> => {
    const filter = { ...noFilter, identityId };
    const list = {
      route: 'ReadIdentityTrail',
      filters: { identityId },
      filter,
      order: 'desc',
      usualDays: trailDays,
    } as const;
    const page = await readPage(caller, list, query);
    const since = nowMicros() - trailDays * dayMicros;
    return { ...page, summary: await summaries.identity(scopeId(caller.scope), identityId, since) };
  };
