import { type DescMethodUnary, getOption, type Message } from '@bufbuild/protobuf';
import { type Access, Audience, access } from '@scaivault/contracts';
import { isVaultError, toVaultError, VaultError } from '@scaivault/errors';
import { compilePolicies, type Permission } from '@scaivault/policy-engine';
import {
  type CallContext,
  type Interceptor,
  type Logger,
  type Metrics,
  type RateCategory,
  rpcPath,
  type UnaryHandler,
  withServerSpan,
} from '@scaivault/runtime';
import { type AuditFacts, factsOf } from './audit/audit-facts.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import type { NoteAuthFailure } from './audit/note-auth-failure.ts';
import type { VerifiedToken } from './authenticate/verified-token.ts';
import { denial } from './authorize.ts';
import type { Caller } from './caller.ts';
import { checkAccess } from './check-access.ts';
import { type Authenticate, authorizationOf } from './gate.ts';
import { raiseInputRefusal } from './input-refusal.ts';
import { isRateCategory, type RateLimiter } from './limit/rate-limiter.ts';
import { makeCaller } from './make-caller.ts';
import { metadataNames } from './metadata.ts';
import { compilePrefix, compileTarget, permissionOf } from './policy-target.ts';
import type { PolicySource } from './replica/policy-replica.ts';
import { openRequest, type RequestInfo } from './request-info.ts';
import type { IdentityDirectory } from './resolve/identity-directory.ts';
import { type ResolvedIdentity, resolveIdentity } from './resolve/resolve-identity.ts';
import { resolveTenant } from './resolve/resolve-tenant.ts';
import { type RpcCall, rpcCallKey } from './rpc-call.ts';
import { compileRules } from './validate/compile-rules.ts';

export interface PipelineOptions {
  readonly authenticate: Authenticate;
  readonly directory: IdentityDirectory;
  readonly policies: PolicySource;
  readonly limiter: RateLimiter;
  readonly audit: AuditTrail;
  readonly noteAuthFailure: NoteAuthFailure;
  readonly metrics: Pick<Metrics, 'policyDecisions' | 'rpcRequests' | 'rpcSeconds'>;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

/** What is known of a call on its way through the steps; each step adds its part. */
interface Passage extends RpcCall {
  readonly message: Message;
  readonly context: CallContext;
  readonly facts: AuditFacts;
}

type InputCheck = Parameters<Interceptor>[2];

type Step = (passage: Passage) => void | Promise<void>;

const noPolicies = compilePolicies([]);

/** Steps 2 to 4 of rest-api-core 1.8: who calls, in which tenant, with which scope. */
const compileIdentify = (method: DescMethodUnary, option: Access, options: PipelineOptions): Step => {
  const needsPolicies = permissionOf(method) !== undefined;
  return async (passage) => {
    const { context, request, facts } = passage;
    const seen = options.authenticate(authorizationOf(context), request.sourceIp);
    const token = seen instanceof Promise ? await seen : seen;
    facts.actorId = token.actorId ?? undefined;
    const identity = await identify(token, request, options);
    facts.identity = identity;
    facts.tenantId = token.tenantId ?? undefined;
    const sources = {
      prefix: context.peer === 'gateway' ? context.metadata.get(metadataNames.tenantPrefix) : undefined,
      header: context.metadata.get(metadataNames.tenantHeader),
      claim: token.tenantId,
    };
    facts.requestedTenantId = sources.prefix ?? sources.header;
    const tenant = await resolveTenant(sources, identity.roles, token.partnerId, options.directory);
    facts.tenantId = tenant.tenantId;
    facts.homeTenantId = tenant.homeTenantId ?? undefined;
    const found = needsPolicies ? options.policies.bundle(tenant.tenantId, tenant.partnerId) : noPolicies;
    const bundle = found instanceof Promise ? await found : found;
    passage.caller = makeCaller(token, identity, tenant, request, bundle, options.nowMs());
    requireScope(passage.caller, option);
  };
};

/** A revoked token counts as a failed authentication too, or its bearer could fill the audit trail with refusals. */
const identify = async (
  token: VerifiedToken,
  request: RequestInfo,
  { directory, limiter }: PipelineOptions,
): Promise<ResolvedIdentity> => {
  try {
    return await resolveIdentity(token, directory);
  } catch (error) {
    if (isVaultError(error, 'token_revoked')) limiter.takeSilently('auth:failures', request.sourceIp ?? 'unknown');
    throw error;
  }
};

const requireScope = (caller: Caller, option: Access): void => {
  if (option.audience === Audience.ANY_TOKEN) return;
  if (caller.scopes.has(option.scope) || caller.scopes.has('admin')) return;
  throw new VaultError('insufficient_scope', `The token lacks the scope ${option.scope}.`, {
    details: { required_scope: option.scope },
  });
};

/** Step 5: the input is what the contract says; paths become values here and nowhere else. */
const compileInput = (method: DescMethodUnary, check: InputCheck): Step => {
  const validate = compileRules(method.input);
  const target = compileTarget(method);
  const prefix = compilePrefix(method);
  return (passage) => {
    raiseInputRefusal(passage.context);
    validate(passage.message);
    check?.(passage.message);
    if (passage.caller !== undefined && target !== undefined) {
      passage.target = target(passage.message, passage.caller.scope);
      passage.facts.secretPath = passage.target.policyPath;
    }
    if (prefix !== undefined) {
      passage.prefix = prefix(passage.message);
      passage.facts.secretPath = passage.prefix?.text;
    }
  };
};

/** Steps 6 and 7: the caller's policies on the parsed path, then one unit; a denial takes its unit too. */
const compileAdmit = (method: DescMethodUnary, option: Access, options: PipelineOptions): Step => {
  const permission = permissionOf(method);
  const category = rateCategoryOf(method, option);
  return ({ context, caller, request, target, facts }) => {
    const refusal =
      caller === undefined || target === undefined || permission === undefined
        ? undefined
        : judge(caller, permission, target.policyPath, facts);
    if (refusal !== undefined) options.metrics.policyDecisions.inc({ result: refusal.code });
    if (category !== undefined) options.limiter.take(context, category, rateKey(caller, request));
    if (refusal !== undefined) throw refusal;
  };
};

const judge = (caller: Caller, permission: Permission, path: string, facts: AuditFacts): VaultError | undefined => {
  const decision = caller.judge(permission, path);
  facts.policyId = decision.policyId ?? undefined;
  return decision.allowed ? undefined : denial(decision, permission, path);
};

const rateCategoryOf = (method: DescMethodUnary, { rate }: Access): RateCategory | undefined => {
  if (rate === '') return undefined;
  if (!isRateCategory(rate)) throw new Error(`RPC ${rpcPath(method)} names no rate category: ${rate}.`);
  return rate;
};

/** Identities are told apart by tenant and name, so two tokens of one service account share a bucket. */
const rateKey = (caller: Caller | undefined, request: RequestInfo): string =>
  caller === undefined
    ? (request.sourceIp ?? 'unknown')
    : `${caller.homeTenantId ?? caller.tenantId} ${caller.identityId}`;

/** Steps 8 to 10: intent into the journal, the operation, outcome into the journal. */
const runAudited = async (
  passage: Passage,
  option: Access,
  options: PipelineOptions,
  handler: UnaryHandler,
): Promise<Message> => {
  const { message, context, facts, request, extra } = passage;
  const subject = option.audit === '' ? undefined : facts.subject(option.audit);
  if (subject === undefined) return await handler(message, context);
  const open = await options.audit.open(request, subject, facts.extra(extra));
  let answer: Message;
  try {
    answer = await handler(message, context);
  } catch (error) {
    await open.close({ ok: false, code: toVaultError(error).code }, facts.extra(extra));
    throw error;
  }
  await open.close({ ok: true }, facts.extra(extra));
  return answer;
};

/** A refusal before step 8 leaves a row when it is a 403; 4xx of other kinds leave none (rest-api-core 7.1). */
const noteRefusal = async (
  passage: Passage,
  option: Access,
  options: PipelineOptions,
  error: VaultError,
): Promise<void> => {
  if (error.httpStatus === 401) {
    await options.noteAuthFailure(passage.request, authorizationOf(passage.context), error);
    return;
  }
  const subject = error.httpStatus === 403 && option.audit !== '' ? passage.facts.subject(option.audit) : undefined;
  if (subject !== undefined)
    await options.audit.note(passage.request, subject, error.code, passage.facts.extra(passage.extra));
};

const stepsFor = (
  method: DescMethodUnary,
  option: Access,
  options: PipelineOptions,
  check: InputCheck,
): readonly Step[] => {
  const input = compileInput(method, check);
  const admit = compileAdmit(method, option, options);
  switch (option.audience) {
    case Audience.PEERS:
      return [requirePeer(option), input];
    case Audience.PUBLIC:
      return [input, admit];
    case Audience.ANY_TOKEN:
      return [compileIdentify(method, option, options), input, admit];
    default:
      return [compileIdentify(method, option, options), input, admit];
  }
};

/** RPCs between our processes: the certificate says who calls, the contract says who may. */
const requirePeer = (option: Access): Step => {
  const peers = new Set(option.peers);
  return ({ context }) => {
    if (context.peer === undefined || !peers.has(context.peer)) {
      throw new VaultError('forbidden', 'This call is not open to you.', { details: { reason: 'peer_not_allowed' } });
    }
  };
};

/**
 * The same road in front of every RPC of every service on every wire (rest-api-core 1.8). Compiled per RPC at start from
 * its options; what an RPC lacks costs nothing per call.
 */
export const createPipeline =
  (options: PipelineOptions): Interceptor =>
  (method, handler, checkInput) => {
    const option = getOption(method, access);
    checkAccess(method, option);
    const steps = stepsFor(method, option, options, checkInput);
    const path = rpcPath(method);

    const travel = async (passage: Passage): Promise<Message> => {
      try {
        for (const step of steps) {
          const done = step(passage);
          if (done instanceof Promise) await done;
        }
      } catch (error) {
        const refusal = toVaultError(error);
        await noteRefusal(passage, option, options, refusal);
        throw refusal;
      }
      return await runAudited(passage, option, options, handler);
    };

    return async (message, context) => {
      const request = openRequest(context);
      const passage: Passage = {
        message,
        context,
        request,
        facts: factsOf(option.resource, request),
        caller: undefined,
        target: undefined,
        prefix: undefined,
        extra: {},
        audited: (subject, work) => auditedWork(passage, option, options, subject, work),
      };
      context.values.set(rpcCallKey, passage);
      const started = performance.now();
      let code = 'ok';
      try {
        return await withServerSpan(path, context.metadata.get(metadataNames.traceparent), () => travel(passage));
      } catch (thrown) {
        const error = toVaultError(thrown);
        code = error.code;
        if (error.httpStatus >= 500)
          options.logger.error(
            { err: error.cause ?? error, code, rpc: path, request_id: request.requestId },
            error.message,
          );
        throw error;
      } finally {
        options.metrics.rpcRequests.inc({ method: path, code });
        options.metrics.rpcSeconds.observe({ method: path }, (performance.now() - started) / 1000);
      }
    };
  };

/** For handlers of public RPCs, which learn only inside whose deed it is. */
const auditedWork = async <Result>(
  passage: Passage,
  option: Access,
  options: PipelineOptions,
  subject: { readonly tenantId: string; readonly identityType: string; readonly identityId: string },
  work: () => Promise<Result>,
): Promise<Result> => {
  const { request, facts, extra } = passage;
  const row = { ...subject, action: option.audit, secretPath: undefined, policyId: undefined };
  const open = await options.audit.open(request, row, facts.extra(extra));
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await open.close({ ok: false, code: toVaultError(error).code }, facts.extra(extra));
    throw error;
  }
  await open.close({ ok: true }, facts.extra(extra));
  return result;
};
