import type { SecretsService } from '@scaivault/contracts/secrets/v1/secrets';
import { fieldError } from '@scaivault/errors';
import type { InputChecks } from '@scaivault/runtime';
import { parseIfMatch, parseIfNoneMatch } from '../domain/entity-tag.ts';
import { parseNoticeTimes } from '../domain/notice-times.ts';
import { readPrecondition } from '../domain/precondition.ts';
import { checkSecretData } from '../domain/secret-data.ts';
import { checkMetadataPatch, parseMetadata } from '../domain/secret-metadata.ts';

const checkNoticeTimes = (notifyBefore: Uint8Array | undefined): void => {
  if (notifyBefore !== undefined) parseNoticeTimes(notifyBefore);
};

const checkIfNoneMatch = (ifNoneMatch: string | undefined): void => {
  if (ifNoneMatch !== undefined) parseIfNoneMatch(ifNoneMatch);
};

/** What only this service can say of a request's content, before its caller's policies are asked. */
export const createSecretsInputChecks = (maxDataBytes: number): InputChecks<typeof SecretsService> => ({
  readSecret: ({ ifNoneMatch }) => checkIfNoneMatch(ifNoneMatch),
  readMetadata: ({ ifNoneMatch }) => checkIfNoneMatch(ifNoneMatch),
  putSecret: ({ data, metadata, options, ifMatch, ifNoneMatch }) => {
    if (options?.generateFrom === undefined) checkSecretData(data, maxDataBytes);
    else if (data !== undefined) throw fieldError('options.generate_from', 'conflict', 'must not stand beside data');
    if (metadata !== undefined) parseMetadata(metadata);
    checkNoticeTimes(options?.notifyBefore);
    readPrecondition({ ifMatch, ifNoneMatch, expectedVersion: options?.expectedVersion });
  },
  updateMetadata: ({ metadata, options, ifMatch }) => {
    if (metadata !== undefined) checkMetadataPatch(metadata);
    checkNoticeTimes(options?.notifyBefore);
    if (ifMatch !== undefined) parseIfMatch(ifMatch, 'revision');
  },
  rotateSecret: ({ data, ifMatch }) => {
    if (data !== undefined) checkSecretData(data, maxDataBytes);
    readPrecondition({ ifMatch });
  },
  destroyVersions: ({ versions }) => {
    if (new Set(versions).size !== versions.length)
      throw fieldError('versions', 'conflict', 'must be different numbers');
  },
  deleteSecret: ({ ifMatch }) => {
    readPrecondition({ ifMatch });
  },
});
