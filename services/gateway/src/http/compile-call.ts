import { create, getOption, type Message } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { Audience, access, answers, intake, surface } from '@scaivault/contracts';
import { isVaultError, VaultError } from '@scaivault/errors';
import { answerHeaders } from '@scaivault/pipeline';
import { longestWaitMs, type PeerName, peers } from '@scaivault/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { compileDecoder } from '../domain/decode.ts';
import { compileEncoder } from '../domain/encode.ts';
import type { Route, RouteHit } from '../domain/route-table.ts';
import { copyHeaders, sendJson } from './answer.ts';
import { callHeaders, clientRequestIdOf, headerOf } from './call-headers.ts';
import { formAsJson, isForm } from './form-as-json.ts';
import type { OpenWaits } from './open-waits.ts';
import { announcesBody, readBody, requireJson } from './read-body.ts';

export interface CallOptions {
  readonly transportTo: (peer: PeerName) => Transport;
  /** Refuses callers without a valid token before anything of theirs is read. */
  readonly checkToken: (
    authorization: string | undefined,
    sourceIp: string | undefined,
    requestId: string,
    userAgent: string | undefined,
  ) => void | Promise<void>;
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly waits: Pick<OpenWaits, 'begin'>;
}

export interface RequestFacts {
  readonly requestId: string;
  readonly sourceIp: string | undefined;
  /** What follows the question mark. */
  readonly query: string;
}

/** Answers requests of one route. */
export type Call = (request: FastifyRequest, reply: FastifyReply, hit: RouteHit, facts: RequestFacts) => Promise<void>;

const isPeer = (name: string): name is PeerName => (peers as readonly string[]).includes(name);

const refusalOf = (error: unknown): VaultError => {
  if (isVaultError(error)) return error;
  throw error;
};

/** The value, or the refusal that reading it met; refusals of the input wait for their turn in the order of work. */
const attempt = <Value>(work: () => Value): Value | VaultError => {
  try {
    return work();
  } catch (error) {
    return refusalOf(error);
  }
};

/** Compiles HTTP → RPC → HTTP for one route; nothing here knows what the call is about. */
export const compileCall = (route: Route, options: CallOptions): Call => {
  const { method } = route;
  const peer = getOption(route.service, surface).peer;
  if (!isPeer(peer)) throw new Error(`${route.service.typeName} names no peer of ours: ${peer}`);
  const isPublic = getOption(method, access).audience === Audience.PUBLIC;
  const takesForms = getOption(method, intake).form;
  const [usualStatus = 200] = getOption(method, answers).status;
  const decoder = compileDecoder(method, route);
  const encode = compileEncoder(method.output);
  if (method.methodKind !== 'unary') throw new Error(`${route.id} is a stream`);
  const rpc = method as Parameters<Transport['unary']>[0];
  const waitMs = longestWaitMs(method);
  const nothing = create(method.output);

  const ask = async (headers: Record<string, string>, input: Message, signal?: AbortSignal) => {
    try {
      return await options.transportTo(peer).unary(rpc, signal, options.timeoutMs + waitMs, headers, input);
    } catch (error) {
      // A wait that ended with its client or with this process has found nothing; what it would have is still there.
      if (signal?.aborted) return { message: nothing, header: new Headers() };
      throw error;
    }
  };

  /** The body as JSON; 415 where it comes as what this call does not take. */
  const jsonOf = (contentType: string | undefined, body: Buffer): Buffer => {
    if (takesForms && isForm(contentType)) return formAsJson(body, method.input);
    if (route.hasBody && body.length > 0) requireJson(contentType, route.httpMethod);
    return body;
  };

  const decode = ({ headers }: FastifyRequest, hit: RouteHit, query: string, sent: Buffer | undefined): Message => {
    const body = sent && jsonOf(headerOf(headers, 'content-type'), sent);
    return decoder.decode({ params: hit.params, query, body, header: (name) => headerOf(headers, name) });
  };

  /** At once for a request without a body, as most are. */
  const readInput = (
    request: FastifyRequest,
    hit: RouteHit,
    query: string,
  ): Message | VaultError | Promise<Message | VaultError> => {
    if (hit.paramRefusal !== undefined) return hit.paramRefusal;
    if (!announcesBody(request.raw)) return attempt(() => decode(request, hit, query, undefined));
    return readBody(request.raw, options.maxBodyBytes).then(
      (body) => attempt(() => decode(request, hit, query, body)),
      refusalOf,
    );
  };

  return async (request, reply, hit, { requestId, sourceIp, query }) => {
    const { headers } = request;
    if (!isPublic) {
      const authorization = headerOf(headers, 'authorization');
      const checking = options.checkToken(authorization, sourceIp, requestId, headerOf(headers, 'user-agent'));
      if (checking instanceof Promise) await checking;
    }
    const clientId = attempt(() => clientRequestIdOf(headers));
    const read = clientId instanceof VaultError ? clientId : readInput(request, hit, query);
    const input = read instanceof Promise ? await read : read;
    const refusal = input instanceof VaultError ? input : undefined;
    const answer = await ask(
      callHeaders(headers, {
        requestId,
        sourceIp,
        refusal,
        clientRequestId: clientId instanceof VaultError ? undefined : clientId,
        tenantPrefix: hit.tenantId,
        isForPartner: hit.isForPartner,
      }),
      input instanceof VaultError ? create(method.input) : input,
      waitMs > 0 ? options.waits.begin(reply.raw) : undefined,
    );
    copyHeaders(reply, answer.header);
    const status = Number(answer.header.get(answerHeaders.status) ?? usualStatus);
    if (status === 204 || status === 304) reply.code(status).send();
    else sendJson(reply, status, encode(answer.message as Message));
  };
};
