import { isVaultError, VaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CallContext } from '../src/rpc/call-context.ts';
import { headersOf } from '../src/rpc/error-headers.ts';
import { answerOf, openWire } from './open-wire.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One call of a random load: what its handler does, and what its caller does meanwhile. */
interface Script {
  readonly turns: number;
  readonly outcome: 'answer' | 'refuse' | 'break' | 'hang';
  readonly size: number;
  readonly note: string;
  readonly leavesAfterTurns: number;
}

const act = async ({ turns, outcome, size, note }: Script, call: CallContext) => {
  for (let i = 0; i < turns; i += 1) await turn();
  call.responseHeader.set('x-note', call.metadata.get('x-note') ?? 'none');
  if (outcome === 'hang') return await new Promise<never>(() => {});
  if (outcome === 'break') throw new Error('canary');
  if (outcome === 'refuse') throw new VaultError('secret_not_found', note, { details: { size }, retryAfterSeconds: 3 });
  return answerOf(`${note}${'z'.repeat(size)}`);
};

const scripts = fc.array(
  fc.record({
    turns: fc.nat({ max: 4 }),
    outcome: fc.constantFrom<Script['outcome']>('answer', 'answer', 'answer', 'refuse', 'break', 'hang'),
    size: fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 300_000 })),
    note: fc.stringMatching(/^[ -~]{0,12}$/).map((text) => text.trim()),
    leavesAfterTurns: fc.nat({ max: 6 }),
  }),
  { minLength: 1, maxLength: 25 },
);

/** What becomes of each call on a wire. Only a call that hangs is given up, so that no outcome is a matter of luck. */
const runScripts = async (wire: 'unary' | 'coalesced', calls: readonly Script[]): Promise<unknown[]> => {
  await using open = await openWire(wire, ({ path }, call) => act(JSON.parse(path) as Script, call));
  return await Promise.all(
    calls.map(async (script) => {
      const leave = new AbortController();
      let note: string | null = null;
      const pending = open.client.readSecret(
        { path: JSON.stringify(script), ifNoneMatch: 'q'.repeat(script.size) },
        {
          headers: { 'X-Note': `n${script.note}` },
          signal: leave.signal,
          onHeader: (headers) => (note = headers.get('x-note')),
        },
      );
      if (script.outcome === 'hang') {
        for (let i = 0; i < script.leavesAfterTurns; i += 1) await turn();
        leave.abort();
      }
      try {
        const { path } = await pending;
        return { path, note };
      } catch (error) {
        if (!isVaultError(error)) return String(error);
        const { code, message, details, retryAfterSeconds } = error;
        return { code, message, details, retryAfterSeconds, note: headersOf(error)?.get('x-note') };
      }
    }),
  );
};

it('ends every call of any load as the unary wire does', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async (calls) => {
      const [unary, coalesced] = await Promise.all([runScripts('unary', calls), runScripts('coalesced', calls)]);
      expect(coalesced).toEqual(unary);
    }),
    { numRuns: 25 },
  );
}, 60_000);
