import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { createDevelopmentAuthority } from './development-authority.ts';

it('issues certificates that its own authority vouches for, under the name asked for', async () => {
  const authority = await createDevelopmentAuthority();
  const issued = await authority.issue('secrets.scaivault.internal');
  const root = new X509Certificate(authority.certificate);
  const leaf = new X509Certificate(issued.certificate);
  expect(root.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.subjectAltName).toBe('DNS:secrets.scaivault.internal');
  expect(leaf.checkHost('secrets.scaivault.internal')).toBe('secrets.scaivault.internal');
  expect(leaf.checkHost('policy.scaivault.internal')).toBeUndefined();
});

it('does not vouch for certificates of another authority', async () => {
  const [one, other] = await Promise.all([createDevelopmentAuthority(), createDevelopmentAuthority()]);
  const leaf = new X509Certificate((await one.issue('secrets.scaivault.internal')).certificate);
  expect(leaf.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
});
