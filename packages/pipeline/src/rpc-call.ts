import type { HandlerContext } from '@connectrpc/connect';
import { VaultError } from '@scaivault/errors';
import type { RateCategory } from '@scaivault/runtime';
import { CallContext, createContextKey, type PeerName, peers } from '@scaivault/runtime';
import type { PathPrefix, PolicyPath, Scope, SecretPath } from '@scaivault/tenancy';
import type { AuditItem } from './audit/audit-item.ts';
import type { Caller } from './caller.ts';
import type { Once } from './idempotency/once.ts';
import type { ReservedUnits } from './limit/rate-limiter.ts';
import { answerHeaders } from './metadata.ts';
import { metadataFor, type RequestInfo } from './request-info.ts';

/** The one object that a call is about, parsed once: what was judged is what is executed. */
export interface Target {
  readonly scope: Scope;
  readonly path: SecretPath;
  readonly policyPath: PolicyPath;
}

/** One of the objects that a call is about, judged by the permission that its RPC asks for. */
export interface JudgedItem extends Target, AuditItem {}

/** What the pipeline hands to a handler. */
export interface RpcCall {
  readonly request: RequestInfo;
  /** Undefined for public RPCs and for those of our own processes. */
  caller: Caller | undefined;
  target: Target | undefined;
  prefix: PathPrefix | undefined;
  /** Set for a request with an Idempotency-Key, where the RPC honours it. */
  once: Once | undefined;
  /** Additions to the audit row's extra_data; never a value of a secret. */
  readonly extra: Record<string, unknown>;
  /** For public RPCs: runs `work` between intent and outcome once the handler knows whose deed it is. */
  audited<Result>(
    subject: { readonly tenantId: string; readonly identityType: string; readonly identityId: string },
    work: () => Promise<Result>,
  ): Promise<Result>;
  renewCaller(): Promise<Caller>;
  judgeItem(path: SecretPath): JudgedItem;
  auditItem<Result>(item: AuditItem, work: () => Promise<Result>): Promise<Result>;
  reserveUnits(category: RateCategory, units: number): ReservedUnits;
}

export const rpcCallKey = createContextKey<RpcCall | undefined>(undefined, 'rpc call');

/** 500: our own mistake. */
export const defect = (what: string): VaultError =>
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

/**
 * The caller of a call that has waited, looked at anew: token, identity, tenant and scope as at its start, and the policies
 * in force now. What is handed out after a wait is judged by this one. Refusals are those of the first look (401, 403).
 */
export const renewCaller = (context: HandlerContext): Promise<Caller> => callOf(context).renewCaller();

/** The process of ours that calls, as its certificate proves; only RPCs for peers have one for certain. */
export const peerOf = (context: HandlerContext): PeerName => {
  const peer = context instanceof CallContext ? peers.find((name) => name === context.peer) : undefined;
  if (peer === undefined) throw defect('This RPC was not called by a process of ours.');
  return peer;
};

/** The metadata of a call to a service of ours that is made for the caller of this one, with the caller's own token. */
export const metadataOnBehalf = (context: HandlerContext): Record<string, string> => {
  if (!(context instanceof CallContext)) throw defect('This call came over no wire of ours.');
  return metadataFor(context, callOf(context).request, callerOf(context).tenantId);
};

/** The object judged for this call. */
export const targetOf = (context: HandlerContext): Target => {
  const { target } = callOf(context);
  if (target === undefined) throw defect('This RPC names no policy path.');
  return target;
};

/** What the transaction of this operation has to commit with, when the request has an Idempotency-Key. */
export const onceOf = (context: HandlerContext): Once | undefined => callOf(context).once;

/**
 * Judges one object of a call about many (access option `each_row`): in the scope the call is about, by the permission of
 * its RPC. What was judged is what is executed: the use case gets this value.
 */
export const judgeItem = (context: HandlerContext, path: SecretPath): JudgedItem => callOf(context).judgeItem(path);

/**
 * Does the work for one object of a call that leaves a row for each (access option `audit_each`): intent, work, outcome,
 * with the code that the work failed with. A refused item is not worked on; its refusal is thrown and leaves one row, or
 * none where it is a 400, 413, 415, 422 or 429 (rest-api-core 7.1). Start all items of a batch at once: then their intents
 * are one write, and so are their outcomes.
 */
export const auditItem = <Result>(
  context: HandlerContext,
  item: AuditItem,
  work: () => Promise<Result>,
): Promise<Result> => callOf(context).auditItem(item, work);

/**
 * Takes units of another category than the call's own from the caller's bucket, all or none (rest-api-core 4.3): 429
 * `rate_limited` with `details.required` when too few are there, also when there can never be so many. Unlimited
 * categories give any number. Put back what is not used.
 */
export const reserveUnits = (context: HandlerContext, category: RateCategory, units: number): ReservedUnits =>
  callOf(context).reserveUnits(category, units);

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
