import { createForeignIssuer } from '@scaivault/testkit';
import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRowsOf } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';
import { controlScaiKey } from './scaikey-control.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

const issuer = 'https://token.actions.test';

describe.each(shapes)('tokens (%s)', (shape) => {
  let vault: Vault;
  let subjectToken: string;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
    const github = await createForeignIssuer(issuer);
    await controlScaiKey(vault, 'POST', '/_dev/trusts', {
      issuer,
      jwks: github.jwks,
      mappings: [{ subject: 'repo:acme/*', role: 'sa:ci' }],
    });
    subjectToken = await github.sign({ sub: 'repo:acme/app' });
    const policy = await vault.request('POST', '/v1/policies', {
      body: { name: 'ci', rules: [{ path_pattern: '**', permissions: ['read'] }] },
    });
    const binding = { identity_type: 'service_account', identity_id: 'sa:ci' };
    await vault.request('POST', `/v1/policies/${policy.json.id}/bindings`, { body: binding });
    for (const path of ['app/db', 'billing/key'])
      await vault.request('PUT', `/v1/secrets/${path}`, { body: { data: { value: path } } });
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  const whoami = (token: string): Promise<Answer> => vault.request('GET', '/v1/auth/whoami', { token });

  it('takes a personal token for whom it speaks, until its bearer is suspended', async () => {
    const token = await vault.mint({ sub: 'usr_bob', type: 'pat', scope: 'secrets:read secrets:list' });
    expect(token).toMatch(/^skt_/);
    expect((await whoami(token)).json).toMatchObject({
      identity_id: 'user:bob@acme.example',
      tenant_id: 'tnt_acme_prod',
      groups: expect.arrayContaining(['group:sre', 'group:oncall']),
      scopes: ['secrets:list', 'secrets:read'],
    });
    expect((await vault.request('GET', '/v1/secrets', { token })).status).toBe(200);
    await controlScaiKey(vault, 'PATCH', '/_dev/users/usr_bob', { status: 'SUSPENDED' });
    await expect.poll(async () => (await whoami(token)).json.error?.code, { timeout: 10_000 }).toBe('token_revoked');
    await controlScaiKey(vault, 'PATCH', '/_dev/users/usr_bob', { status: 'ACTIVE' });
    await expect.poll(async () => (await whoami(token)).status, { timeout: 10_000 }).toBe(200);
  });

  it('refuses personal tokens that ScaiKey does not know, and answers 503 for new ones while it is away', async () => {
    expectRefusal(await whoami('skt_guess'), 401, 'token_invalid');
    const [known, fresh] = [
      await vault.mint({ sub: 'usr_alice', type: 'pat' }),
      await vault.mint({ sub: 'usr_alice', type: 'pat' }),
    ];
    expect((await whoami(known)).status).toBe(200);
    await controlScaiKey(vault, 'PUT', '/_dev/faults', { fail_with: 500 });
    expectRefusal(await whoami(fresh), 503, 'service_unavailable');
    expect((await whoami(known)).status).toBe(200);
    await controlScaiKey(vault, 'DELETE', '/_dev/faults');
    expect((await whoami(fresh)).status).toBe(200);
  });

  it('tells an administrator what a token says, and of a foreign one nothing', async () => {
    const introspect = (token: string) => vault.request('POST', '/v1/auth/introspect', { body: { token } });
    const seen = await introspect(await vault.mint({ sub: 'sa:ci', scope: 'secrets:read' }));
    expect(seen.json).toEqual({
      active: true,
      identity_id: 'sa:ci',
      identity_type: 'service_account',
      tenant_id: 'tnt_acme_prod',
      scopes: ['secrets:read'],
      expires_at: expect.stringMatching(/Z$/),
      issued_at: expect.stringMatching(/Z$/),
    });
    const [row] = await auditRowsOf(vault, seen);
    expect(row).toMatchObject({ action: 'token_introspect', extra_data: { active: true, identity_id: 'sa:ci' } });
    for (const token of [await vault.mint({ sub: 'dave@umbrella.example' }), 'x', 'skt_x'])
      expect((await introspect(token)).text).toBe('{"active":false}');
    const bob = await vault.mint({ sub: 'usr_bob' });
    expectRefusal(
      await vault.request('POST', '/v1/auth/introspect', { token: bob, body: { token: bob } }),
      403,
      'insufficient_scope',
    );
  });

  const exchange = async (contentType: string, body: string): Promise<{ status: number; json: Answer['json'] }> => {
    const answer = await fetch(`${vault.url}/v1/auth/exchange`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
    });
    return { status: answer.status, json: await answer.json() };
  };
  const form = (fields: readonly (readonly [string, string])[]) =>
    exchange(
      'application/x-www-form-urlencoded',
      new URLSearchParams(fields.map(([name, value]) => [name, value])).toString(),
    );

  it('exchanges a trusted token, by form or JSON, for one that opens the paths asked for and no others', async () => {
    const asked = { subject_token: subjectToken, allowed_paths: ['app/**'] };
    const byForm = [
      ['subject_token', subjectToken],
      ['allowed_paths', 'app/**'],
    ] as const;
    for (const answer of [await form(byForm), await exchange('application/json', JSON.stringify(asked))]) {
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.json).sort()).toEqual([
        'access_token',
        'expires_in',
        'issued_token_type',
        'token_type',
      ]);
      const token: string = answer.json.access_token;
      expect((await vault.request('GET', '/v1/secrets/app/db', { token })).json.data).toEqual({ value: 'app/db' });
      expectRefusal(await vault.request('GET', '/v1/secrets/billing/key', { token }), 403, 'access_denied');
    }
    const wide = await form([['subject_token', subjectToken]]);
    const token: string = wide.json.access_token;
    expect((await vault.request('GET', '/v1/secrets/billing/key', { token })).status).toBe(200);
  });

  it('refuses an exchange in the words of the contract', async () => {
    const codeOf = async (answer: Promise<{ json: Answer['json'] }>) => (await answer).json.error.code;
    expect(await codeOf(form([['subject_token', vault.token]]))).toBe('forbidden');
    expect(await codeOf(form([['subject_token', 'x']]))).toBe('token_invalid');
    expect(await codeOf(form([]))).toBe('validation_error');
    expect(
      await codeOf(
        form([
          ['subject_token', 'a'],
          ['subject_token', 'b'],
        ]),
      ),
    ).toBe('invalid_request');
    expect(
      await codeOf(
        form([
          ['subject_token', subjectToken],
          ['resource', 'x'],
        ]),
      ),
    ).toBe('validation_error');
    expect(
      await codeOf(
        form([
          ['subject_token', subjectToken],
          ['allowed_paths', 'a//b'],
        ]),
      ),
    ).toBe('invalid_glob');
    const empty = JSON.stringify({ subject_token: subjectToken, allowed_paths: [] });
    expect(await codeOf(exchange('application/json', empty))).toBe('validation_error');
    expect(await codeOf(exchange('text/plain', empty))).toBe('unsupported_media_type');
  });
});
