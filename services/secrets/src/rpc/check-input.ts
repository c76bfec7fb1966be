import type { SecretsService } from '@scaivault/contracts';
import type { InputChecks } from '@scaivault/runtime';
import { parseIfNoneMatch } from '../domain/entity-tag.ts';
import { readPrecondition } from '../domain/precondition.ts';
import { checkSecretData } from '../domain/secret-data.ts';
import { parseMetadata } from '../domain/secret-metadata.ts';

/** What only this service can say of a request's content, before its caller's policies are asked. */
export const createSecretsInputChecks = (maxDataBytes: number): InputChecks<typeof SecretsService> => ({
  readSecret: ({ ifNoneMatch }) => {
    if (ifNoneMatch !== undefined) parseIfNoneMatch(ifNoneMatch);
  },
  putSecret: ({ data, metadata, options, ifMatch, ifNoneMatch }) => {
    checkSecretData(data, maxDataBytes);
    if (metadata !== undefined) parseMetadata(metadata);
    readPrecondition({ ifMatch, ifNoneMatch, expectedVersion: options?.expectedVersion });
  },
  deleteSecret: ({ ifMatch }) => {
    readPrecondition({ ifMatch });
  },
});
