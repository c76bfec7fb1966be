import { encodeAad } from '@scaivault/crypto';
import { type KeySeal, openContent, sealContent } from '@scaivault/pipeline';
import { parseTenantId } from '@scaivault/tenancy';
import type { Credentials } from '../../domain/export/credentials.ts';
import { tenantOf } from '../../domain/seal/tenant-of.ts';
import type { CredentialsBox, ExportPlace } from '../../ports/exports.ts';

const rowOf = ({ scopeId, partnerId, exportId }: ExportPlace) => ({
  tenantId: parseTenantId(tenantOf(scopeId)),
  partnerId,
  rowId: exportId,
});

const aadOf = ({ scopeId, exportId }: ExportPlace): Buffer =>
  encodeAad({ purpose: 'export-credentials', scopeId, pathId: exportId, version: 0 });

/** Credentials, each under a key of its own that the secrets service seals under the tenant's key. */
export const createCredentialsBox = (seal: KeySeal): CredentialsBox => ({
  seal: async (place, credentials) => {
    const text = Buffer.from(JSON.stringify(credentials));
    try {
      return await sealContent(seal, rowOf(place), text, aadOf(place));
    } finally {
      text.fill(0);
    }
  },
  open: async (place, sealed) => {
    const text = await openContent(seal, rowOf(place), sealed, aadOf(place));
    try {
      return JSON.parse(text.toString()) as Credentials;
    } finally {
      text.fill(0);
    }
  },
});
