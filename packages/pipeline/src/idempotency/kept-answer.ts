import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { KeptAnswerSchema } from '@scaivault/contracts/common/v1/common';
import type { VaultError } from '@scaivault/errors';
import { decodeWireError, encodeWireError } from '@scaivault/runtime';
import { answerHeaders } from '../metadata.ts';
import { compileEraseOnceFields } from './erase-once-fields.ts';

/** How a handler ended: with its answer or with a refusal of the operation. */
export type Ending = { readonly answer: Message } | { readonly refusal: VaultError };

/** All of an answer that a replay gives back: the ending, what HTTP wants to know of it, and its facts for the audit. */
export interface KeptAnswer {
  readonly ending: Ending;
  readonly headers: Readonly<Record<string, string>>;
  readonly auditFacts: Readonly<Record<string, unknown>>;
}

export interface KeptAnswerCodec {
  encode(kept: KeptAnswer): Uint8Array;
  decode(bytes: Uint8Array): KeptAnswer;
}

/** Headers that belong to the answer, and not to the call that gets it. */
const keptHeaders = [answerHeaders.status, answerHeaders.etag, answerHeaders.location] as const;

export const headersToKeep = (headers: Headers | undefined): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = headers?.get(name) ?? undefined;
    if (value !== undefined) kept[name] = value;
  }
  return kept;
};

const encoder = new TextEncoder();

/** Answers of one RPC as bytes, without the fields that are shown only once. */
export const compileKeptAnswers = (output: DescMessage): KeptAnswerCodec => {
  const eraseOnceFields = compileEraseOnceFields(output);
  return {
    encode: ({ ending, headers, auditFacts }) => {
      const message = create(KeptAnswerSchema, { headers: { ...headers } });
      if ('answer' in ending) message.answer = toBinary(output, eraseOnceFields(ending.answer));
      else message.refusal = encodeWireError(ending.refusal);
      message.auditJson = encoder.encode(JSON.stringify(auditFacts));
      return toBinary(KeptAnswerSchema, message);
    },
    decode: (bytes) => {
      const { answer, refusal, headers, auditJson } = fromBinary(KeptAnswerSchema, bytes);
      const auditFacts = JSON.parse(Buffer.from(auditJson).toString()) as Record<string, unknown>;
      if (refusal === undefined) return { ending: { answer: fromBinary(output, answer) }, headers, auditFacts };
      const error = decodeWireError(refusal);
      if (error === undefined) throw new Error('A kept refusal is none of ours.');
      return { ending: { refusal: error }, headers, auditFacts };
    },
  };
};
