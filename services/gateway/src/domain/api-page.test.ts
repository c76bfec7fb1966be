import {
  AuditService,
  IdentityService,
  PolicyService,
  SecretPoliciesService,
  SecretsService,
} from '@scaivault/contracts';
import { describe, expect, it } from 'vitest';
import { renderApiPage } from './api-page.ts';
import type { OpenApiDocument } from './openapi/document.ts';
import { buildOpenApi } from './openapi.ts';

const document = buildOpenApi({
  services: [SecretsService, SecretPoliciesService, PolicyService, AuditService, IdentityService],
  version: '1.2.3',
});
const page = renderApiPage(document);

describe('the API page', () => {
  it('shows every call with a heading, an entry in the sidebar and an example', () => {
    for (const item of Object.values(document.paths)) {
      for (const { operationId } of Object.values(item)) {
        expect(page).toContain(`<article id="${operationId}">`);
        expect(page).toContain(`<li><a href="#${operationId}">`);
      }
    }
    expect(page).toContain('curl -X PUT &quot;$SCAIVAULT_URL/v1/secrets/app/prod/db&quot;');
    expect(page).toContain('<code>read @ {path}</code>');
  });

  it('shows maps with what lies under their keys, and where else a call is served', () => {
    expect(page).toContain('map of objects');
    expect(page).toContain('<span class="parent">secrets{}.<wbr></span>secret_type');
    expect(page).toContain('&quot;app/prod/db&quot;: {');
    expect(page).toContain('<dt>Also below</dt><dd><code>/v1/t/{tenant_id}/ /v1/partner/</code></dd>');
    expect(page).toContain('Idempotency-Key');
  });

  it('links each code to its line in the table of refusals', () => {
    const targets = new Set([...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]));
    for (const target of targets) expect(page, target).toContain(`id="${target}"`);
    expect(targets).toContain('error-secret_not_found');
  });

  it('runs no script and loads nothing from elsewhere', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son[a-z]+=|src=/i);
  });

  it('escapes all text of the document', () => {
    const hostile = '<script>alert("x")</script>&\'`';
    const info = { ...document.info, title: hostile, summary: hostile, description: hostile };
    const hostilePage = renderApiPage({
      ...document,
      info,
      tags: [{ name: 'Secrets', description: hostile }],
    } as OpenApiDocument);
    expect(hostilePage).not.toContain('<script');
    expect(hostilePage).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;');
  });
});
