import { type DescMethodUnary, getOption, type Message, toBinary } from '@bufbuild/protobuf';
import { Audience, access, answers } from '@scaivault/contracts/options/v1/access';
import { toVaultError, type VaultError } from '@scaivault/errors';
import { type CallContext, type Logger, type MountedService, rpcPath, type UnaryHandler } from '@scaivault/runtime';
import { answerHeaders } from '../metadata.ts';
import type { RpcCall } from '../rpc-call.ts';
import type { Idempotency, Run } from './idempotency.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { compileKeptAnswers, type Ending, headersToKeep } from './kept-answer.ts';
import { idempotencyOf } from './keyed-service.ts';

/** What answers a request with a key, and what to do when that has ended, however it has. */
export interface Admission {
  readonly handler: UnaryHandler;
  readonly end: () => Promise<void>;
}

/** Idempotency of one RPC (rest-api-core 1.6). */
export interface CarryOutOnce {
  /** Part of step 5; 400 `invalid_request`. */
  readonly keyOf: (context: CallContext) => string | undefined;
  /** Part of step 8. 409 `idempotency_conflict`, 503. */
  readonly admit: (call: RpcCall, message: Message, key: string, handler: UnaryHandler) => Promise<Admission>;
}

/** Statuses of the steps before the operation (rest-api-core 1.8), wherever they are found out. */
const beforeTheOperation: ReadonlySet<number> = new Set([400, 401, 403, 405, 413, 415, 422, 429]);

/** Only what the operation itself has answered is kept: what was refused before, or failed, may succeed the next time. */
const isKept = (error: VaultError): boolean =>
  error.httpStatus < 500 && !beforeTheOperation.has(error.httpStatus) && error.code !== 'idempotency_conflict';

const memoryFor = (method: DescMethodUnary, service: MountedService | undefined): Idempotency => {
  const { audience } = getOption(method, access);
  if (audience === Audience.PUBLIC || audience === Audience.PEERS)
    throw new Error(`RPC ${rpcPath(method)} honours an Idempotency-Key of callers that it does not know.`);
  const idempotency = idempotencyOf(service);
  if (idempotency === undefined)
    throw new Error(`RPC ${rpcPath(method)} honours an Idempotency-Key: mount its service with withIdempotency.`);
  return idempotency;
};

/** Undefined for an RPC that ignores the header. Refuses to build one that could not keep its promise. */
export const compileCarryOutOnce = (
  method: DescMethodUnary,
  service: MountedService | undefined,
  logger: Logger,
): CarryOutOnce | undefined => {
  if (!getOption(method, answers).idempotent) return undefined;
  const idempotency = memoryFor(method, service);
  const rpc = rpcPath(method);
  const codec = compileKeptAnswers(method.output);

  const replay = (call: RpcCall, kept: Uint8Array): Admission => {
    const { ending, headers, auditFacts } = codec.decode(kept);
    Object.assign(call.extra, auditFacts, { idempotent_replay: true });
    return {
      handler: (_message, context) => {
        for (const [name, value] of Object.entries({ ...headers, [answerHeaders.replayed]: 'true' }))
          context.responseHeader.set(name, value);
        return 'answer' in ending ? Promise.resolve(ending.answer) : Promise.reject(ending.refusal);
      },
      end: () => Promise.resolve(),
    };
  };

  const carryOut = (call: RpcCall, run: Run, handler: UnaryHandler): Admission => {
    const about = { rpc, request_id: call.request.requestId };
    let hasAnswer = false;
    // The operation stands as it is; a request with the same key will then say that the answer is lost.
    const keep = async (ending: Ending, context: CallContext): Promise<void> => {
      try {
        const headers = headersToKeep(context.responseHeaderIfSet);
        await run.keep(codec.encode({ ending, headers, auditFacts: call.extra }));
        hasAnswer = true;
      } catch (err) {
        logger.error({ err, ...about }, 'The answer of a request with an Idempotency-Key could not be kept.');
      }
    };
    return {
      handler: async (message, context) => {
        call.once = run;
        let answer: Message;
        try {
          answer = await handler(message, context);
        } catch (error) {
          const refusal = toVaultError(error);
          if (isKept(refusal)) await keep({ refusal }, context);
          throw error;
        }
        if (!run.isMarked) logger.error(about, 'A handler has answered without committing its Idempotency-Key.');
        await keep({ answer }, context);
        return answer;
      },
      end: async () => {
        if (hasAnswer) return;
        await run.release().catch((err: unknown) => {
          logger.warn({ err, ...about }, 'An Idempotency-Key could not be given back; it is free again after a while.');
        });
      },
    };
  };

  return {
    keyOf: idempotencyKeyOf,
    admit: async (call, message, key, handler) => {
      const { caller } = call;
      if (caller === undefined) throw new Error(`${rpc} has no caller.`);
      const request = { caller, key, rpc, message: toBinary(method.input, message) };
      const beginning = await idempotency.begin(request);
      return 'run' in beginning ? carryOut(call, beginning.run, handler) : replay(call, beginning.kept);
    },
  };
};
