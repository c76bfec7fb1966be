import { SecretsService } from '@scaivault/contracts';
import { VaultError, validationError } from '@scaivault/errors';
import { headersOf } from '@scaivault/runtime';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metadataNames, sealInputRefusal } from '../src/index.ts';
import { openProbe, type Probe, reader, readersPolicy, refusalOf } from './open-probe.ts';

interface Call {
  readonly claims: Record<string, unknown>;
  readonly headers: Record<string, string>;
  readonly path: string;
}

const withHeader = (call: Call, name: string, value: string): Call => ({
  ...call,
  headers: { ...call.headers, [name]: value },
});

const sealed = sealInputRefusal(validationError([{ field: 'x', rule: 'unknown', message: 'is not known' }]));

const untouched = (call: Call): Call => call;

/** What can be wrong with a call, in the order of rest-api-core 1.8, and what is answered when nothing else is. */
const defects = [
  { step: 'token', code: 'token_invalid', spoil: (call: Call) => withHeader(call, 'authorization', 'Bearer x') },
  { step: 'tenant', code: 'tenant_access_denied', spoil: (call: Call) => withHeader(call, 'x-tenant-id', 'tnt_z') },
  {
    step: 'scope',
    code: 'insufficient_scope',
    spoil: (call: Call) => ({ ...call, claims: { ...call.claims, scope: 'secrets:list' } }),
  },
  {
    step: 'input',
    code: 'validation_error',
    spoil: (call: Call) => withHeader(call, metadataNames.inputRefusal, sealed),
  },
  { step: 'policy', code: 'access_denied', spoil: (call: Call) => ({ ...call, path: 'elsewhere/db' }) },
  { step: 'rate', code: 'rate_limited', spoil: untouched },
  { step: 'audit', code: 'audit_unavailable', spoil: untouched },
  { step: 'operation', code: 'secret_not_found', spoil: untouched },
] as const;

const pairs = defects.flatMap((first, index) => defects.slice(index).map((second) => ({ first, second })));

describeOnEveryWire('the order of work', (wire) => {
  let probe: Probe;
  let journalWorks = true;
  let count = 0;
  beforeAll(async () => {
    probe = await openProbe(wire, { RATE_LIMIT_SECRETS_READ: '1' });
    probe.started.world.policies.push(readersPolicy);
    const intent = probe.started.journal.intent;
    probe.started.journal.intent = (id, bytes) =>
      journalWorks
        ? intent(id, bytes)
        : Promise.reject(new VaultError('audit_unavailable', 'The disk is full.', { retryAfterSeconds: 1 }));
  });
  beforeEach(() => {
    journalWorks = true;
    probe.onRead = () => {};
  });
  afterAll(() => probe.started[Symbol.asyncDispose]());

  it.each(pairs.map(({ first, second }) => [first.step, second.step, first, second] as const))(
    'answers for %s when %s is wrong as well',
    async (_first, _second, first, second) => {
      const steps = new Set([first.step, second.step]);
      const claims = reader(`caller${count++}`);
      const call = second.spoil(first.spoil({ claims, headers: {}, path: 'app/db' }));
      if (steps.has('rate')) {
        await (await probe.started.client(SecretsService, claims)).readSecret({ path: 'app/db' });
      }
      journalWorks = !steps.has('audit');
      probe.onRead = () => {
        if (steps.has('operation')) throw new VaultError('secret_not_found', 'There is no such secret.');
      };
      const readsBefore = probe.reads.length;
      const client = await probe.started.client(SecretsService, call.claims, call.headers);
      const refusal = await refusalOf(client.readSecret({ path: call.path }));
      // A denial takes its unit too, and turns into 429 when none is left.
      const expected = first.step === 'policy' && second.step === 'rate' ? 'rate_limited' : first.code;
      expect(refusal?.code).toBe(expected);
      expect(probe.reads.length - readsBefore).toBe(first.step === 'operation' ? 1 : 0);
      // Figures of a bucket stand only on answers that took a unit from it.
      const asked = ['policy', 'rate', 'audit', 'operation'].includes(first.step);
      expect((refusal && headersOf(refusal)?.has('x-ratelimit-limit')) ?? false).toBe(asked);
    },
  );

  describe('the rate limit', () => {
    it('is taken by a denial', async () => {
      const claims = reader(`caller${count++}`);
      const client = await probe.started.client(SecretsService, claims);
      expect((await refusalOf(client.readSecret({ path: 'elsewhere' })))?.code).toBe('access_denied');
      expect((await refusalOf(client.readSecret({ path: 'app/db' })))?.code).toBe('rate_limited');
    });

    it('is not taken by what was refused before it', async () => {
      const claims = reader(`caller${count++}`);
      const client = await probe.started.client(SecretsService, claims);
      expect((await refusalOf(client.readSecret({ path: 'No Path' })))?.code).toBe('invalid_path');
      expect(await refusalOf(client.readSecret({ path: 'app/db' }))).toBeUndefined();
    });

    it('is one for all tokens of an identity, and another for its namesake in another tenant', async () => {
      const claims = reader(`caller${count++}`);
      const read = async (more: object) =>
        (
          await refusalOf(
            (await probe.started.client(SecretsService, { ...claims, ...more })).readSecret({ path: 'app/a' }),
          )
        )?.code;
      expect(await read({})).toBeUndefined();
      expect(await read({ jti: 'another token' })).toBe('rate_limited');
      expect(await read({ tenant_id: 'tnt_b' })).toBeUndefined();
    });

    it('is that of the home tenant wherever a partner admin acts', async () => {
      const claims = { ...reader(`caller${count++}`), roles: ['partner_admin'] };
      const read = async (headers: Record<string, string>) =>
        (await refusalOf((await probe.started.client(SecretsService, claims, headers)).readSecret({ path: 'app/a' })))
          ?.code;
      expect(await read({ 'x-tenant-id': 'tnt_b' })).toBeUndefined();
      expect(await read({})).toBe('rate_limited');
    });
  });
});
