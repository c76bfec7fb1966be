import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import { VaultError } from '@scaivault/errors';
import type { PathPrefix, PolicyPath, Scope, SecretPath } from '@scaivault/tenancy';
import type { Caller } from './caller.ts';
import { answerHeaders } from './metadata.ts';
import type { RequestInfo } from './request-info.ts';

/** The one object that a call is about, parsed once: what was judged is what is executed. */
export interface Target {
  readonly scope: Scope;
  readonly path: SecretPath;
  readonly policyPath: PolicyPath;
}

/** What the pipeline hands to a handler. */
export interface RpcCall {
  readonly request: RequestInfo;
  /** Undefined for public RPCs and for those of our own processes. */
  caller: Caller | undefined;
  target: Target | undefined;
  prefix: PathPrefix | undefined;
  /** Additions to the audit row's extra_data; never a value of a secret. */
  readonly extra: Record<string, unknown>;
  /** For public RPCs: runs `work` between intent and outcome once the handler knows whose deed it is. */
  audited<Result>(
    subject: { readonly tenantId: string; readonly identityType: string; readonly identityId: string },
    work: () => Promise<Result>,
  ): Promise<Result>;
}

export const rpcCallKey = createContextKey<RpcCall | undefined>(undefined, { description: 'rpc call' });

const defect = (what: string): VaultError =>
  new VaultError('internal_error', 'An internal error occurred. Report it with the request id.', {
    cause: new Error(what),
  });

/** What the pipeline found out about this call. */
export const callOf = (context: HandlerContext): RpcCall => {
  const call = context.values.get(rpcCallKey);
  if (call === undefined) throw defect('The handler runs outside the pipeline.');
  return call;
};

/** The authenticated caller; only RPCs for bearers have one. */
export const callerOf = (context: HandlerContext): Caller => {
  const { caller } = callOf(context);
  if (caller === undefined) throw defect('This RPC has no caller.');
  return caller;
};

/** The object judged for this call. */
export const targetOf = (context: HandlerContext): Target => {
  const { target } = callOf(context);
  if (target === undefined) throw defect('This RPC names no policy path.');
  return target;
};

/** Adds facts to the audit row of this call. */
export const noteForAudit = (context: HandlerContext, facts: Readonly<Record<string, unknown>>): void => {
  Object.assign(callOf(context).extra, facts);
};

export interface HttpAnswer {
  /** One of the statuses that the RPC's `answers` option lists. */
  readonly status?: number;
  /** Entity tag, quotes included. */
  readonly etag?: string;
  /** Address of a new resource, from /v1 on. */
  readonly location?: string;
}

/** Tells the gateway what HTTP wants to know beyond the message. */
export const answerWith = (context: HandlerContext, answer: HttpAnswer): void => {
  const headers = context.responseHeader;
  if (answer.status !== undefined) headers.set(answerHeaders.status, String(answer.status));
  if (answer.etag !== undefined) headers.set(answerHeaders.etag, answer.etag);
  if (answer.location !== undefined) headers.set(answerHeaders.location, answer.location);
};
