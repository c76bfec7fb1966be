import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { CredentialsSchema, type CredentialsService } from '@scaivault/contracts/secrets/v1/credentials';
import { callerOf, targetOf } from '@scaivault/pipeline';
import type { Metrics } from '@scaivault/runtime';
import type { ReadSecret } from '../app/read-secret.ts';

/** CredentialsService of the contract: the read that every read is, asked for by a service in its caller's name. */
export const createCredentialsRpc = (
  readSecret: ReadSecret,
  metrics: Pick<Metrics, 'secretReads'>,
): ServiceImpl<typeof CredentialsService> => ({
  async readExportCredentials(_request, context) {
    const caller = callerOf(context);
    const { value, data } = await readSecret(caller, targetOf(context), {
      version: undefined,
      ifNoneMatch: undefined,
    });
    metrics.secretReads.inc({ tenant: caller.tenantId, secret_type: value.secretType });
    return create(CredentialsSchema, { version: value.version, ...(data === undefined ? {} : { data }) });
  },
});
