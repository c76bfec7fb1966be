import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, scopeId } from '@scaivault/tenancy';
import { allTime, type LogWindow } from '../../domain/log-window.ts';
import type { Checkpoint } from '../../domain/seal/checkpoint.ts';
import type { CheckpointPosition, CheckpointStore } from '../../ports.ts';

export interface CheckpointPage {
  readonly checkpoints: readonly Checkpoint[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

const defaultLimit = 100;

const readPosition = (position: unknown): CheckpointPosition => {
  const [sealedAtMicros, firstEventSeq] = Array.isArray(position) ? (position as unknown[]) : [];
  if (typeof sealedAtMicros === 'number' && typeof firstEventSeq === 'number') return { sealedAtMicros, firstEventSeq };
  throw new VaultError('invalid_cursor', 'The cursor is not valid for this list. Start again without it.');
};

/** Lists the checkpoints of the caller's tenant, oldest first (rest-api-core 7.2). 400 `invalid_cursor`, 422. */
export const createListCheckpoints =
  ({ checkpoints, cursors }: { readonly checkpoints: Pick<CheckpointStore, 'list'>; readonly cursors: CursorCodec }) =>
  async (
    caller: Pick<Caller, 'scope'>,
    asked: {
      readonly window: Partial<LogWindow>;
      readonly limit: number | undefined;
      readonly cursor: string | undefined;
    },
  ): Promise<CheckpointPage> => {
    const { limit = defaultLimit, cursor } = asked;
    const scope = scopeId(caller.scope);
    const window = allTime(asked.window);
    const binding = { scopeId: scope, route: 'ListCheckpoints', filters: { window: asked.window } };
    const after = cursor === undefined ? undefined : readPosition(cursors.open(binding, cursor));
    const found = await checkpoints.list(scope, window, after, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    return {
      checkpoints: page,
      cursor: hasMore ? cursors.seal(binding, [last.sealedAtMicros, last.firstEventSeq]) : undefined,
    };
  };
