import { type DescMethodUnary, getOption, type Message } from '@bufbuild/protobuf';
import { type Access, Audience, access, surface } from '@scaivault/contracts/options/v1/access';
import { isVaultError, toVaultError, VaultError } from '@scaivault/errors';
import { compilePolicies } from '@scaivault/policy-engine';
import {
  type CallContext,
  type Interceptor,
  type Logger,
  type Metrics,
  type RateCategory,
  rpcPath,
  withServerSpan,
} from '@scaivault/runtime';
import { policyPrefixOf } from '@scaivault/tenancy';
import { type AuditFacts, factsOf } from './audit/audit-facts.ts';
import { compileIsEmpty } from './audit/audit-finding.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import type { NoteAuthFailure } from './audit/note-auth-failure.ts';
import type { VerifiedToken } from './authenticate/verified-token.ts';
import { createJudge, refusalByRole } from './authorize.ts';
import type { Caller } from './caller.ts';
import { checkAccess } from './check-access.ts';
import { compileAuditItem, compileJudgeItem } from './each-item.ts';
import { type Authenticate, authorizationOf } from './gate.ts';
import { type CarryOutOnce, compileCarryOutOnce } from './idempotency/carry-out-once.ts';
import { raiseInputRefusal } from './input-refusal.ts';
import { isRateCategory, type RateLimiter } from './limit/rate-limiter.ts';
import { noOverrides, overrideFor, type RateOverrideSource, type RateOverrides } from './limit/rate-overrides.ts';
import { makeCaller } from './make-caller.ts';
import { metadataNames } from './metadata.ts';
import { compilePrefix, compileTarget, permissionOf } from './policy-target.ts';
import type { PolicySource } from './replica/policy-replica.ts';
import { openRequest, type RequestInfo } from './request-info.ts';
import type { IdentityDirectory } from './resolve/identity-directory.ts';
import { type ResolvedIdentity, resolveIdentity } from './resolve/resolve-identity.ts';
import { canNamePartner, resolveObjectScopes } from './resolve/resolve-object-scope.ts';
import { resolveTenant } from './resolve/resolve-tenant.ts';
import { defect, type RpcCall, rpcCallKey } from './rpc-call.ts';
import { auditedWork, runAudited, runKeyed } from './run-audited.ts';
import { compileRules } from './validate/compile-rules.ts';
import type { NoteViolation } from './violations/open-violations.ts';

export interface PipelineOptions {
  readonly authenticate: Authenticate;
  readonly directory: IdentityDirectory;
  /** None in a process that judges nothing by them. */
  readonly policies: PolicySource | undefined;
  readonly limiter: RateLimiter;
  readonly overrides: RateOverrideSource;
  readonly audit: AuditTrail;
  readonly noteAuthFailure: NoteAuthFailure;
  readonly noteViolation: NoteViolation;
  readonly metrics: Pick<Metrics, 'policyDecisions' | 'rpcRequests' | 'rpcSeconds'>;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

/** What is known of a call on its way through the steps; each step adds its part. */
interface Passage extends RpcCall {
  readonly message: Message;
  readonly context: CallContext;
  readonly facts: AuditFacts;
  /** Rate limits of the caller's own tenant. */
  overrides: RateOverrides;
  /** Idempotency-Key, where it is honoured. */
  key: string | undefined;
}

type InputCheck = Parameters<Interceptor>[2];

type Step = (passage: Passage) => void | Promise<void>;

const noPolicies = compilePolicies([]);

const policiesFor = (method: DescMethodUnary, { policies }: Pick<PipelineOptions, 'policies'>): PolicySource => {
  if (policies === undefined) throw new Error(`RPC ${rpcPath(method)} asks policies, and this process follows none.`);
  return policies;
};

/** Steps 2 to 4 of rest-api-core 1.8: who calls, in which tenant, about whose objects, with which scope. */
const compileIdentify = (method: DescMethodUnary, option: Access, options: PipelineOptions): Step => {
  const isLimited = option.rate !== '';
  const policies = permissionOf(method) === undefined ? undefined : policiesFor(method, options);
  const served = getOption(method.parent, surface);
  return async (passage) => {
    const { context, request, facts } = passage;
    const seen = options.authenticate(authorizationOf(context), request.sourceIp);
    const token = seen instanceof Promise ? await seen : seen;
    facts.actorId = token.actorId ?? undefined;
    const known = identify(token, request, options);
    const identity = known instanceof Promise ? await known : known;
    facts.identity = identity;
    facts.tenantId = token.tenantId ?? undefined;
    const sources = {
      prefix: context.peer === 'gateway' ? context.metadata.get(metadataNames.tenantPrefix) : undefined,
      header: context.metadata.get(metadataNames.tenantHeader),
      claim: token.tenantId,
    };
    facts.requestedTenantId = sources.prefix ?? sources.header;
    const named = resolveTenant(sources, identity.roles, token.partnerId, options.directory);
    const tenant = named instanceof Promise ? await named : named;
    facts.tenantId = tenant.tenantId;
    facts.homeTenantId = tenant.homeTenantId ?? undefined;
    const about = {
      word: context.metadata.get(metadataNames.objectScope),
      partner: context.metadata.get(metadataNames.partnerHeader),
    };
    if (canNamePartner(about, served) && about.partner !== tenant.partnerId) facts.namedPartnerId = about.partner;
    const resolved = resolveObjectScopes(about, served, tenant, identity.roles, options.directory);
    const scopes = resolved instanceof Promise ? await resolved : resolved;
    const found = policies?.bundle(tenant.tenantId, tenant.partnerId) ?? noPolicies;
    const bundle = found instanceof Promise ? await found : found;
    passage.caller = makeCaller(token, identity, tenant, scopes, request, bundle, options.nowMs());
    requireScope(passage.caller, option);
    if (!isLimited) return;
    const limits = overridesOf(passage.caller, options);
    passage.overrides = limits instanceof Promise ? await limits : limits;
  };
};

/**
 * Limits protect and decide nothing: where a tenant's own cannot be had for an outage, the installation's hold, and calls
 * that ask no policies go on.
 */
const overridesOf = (
  caller: Caller,
  { overrides }: Pick<PipelineOptions, 'overrides'>,
): RateOverrides | Promise<RateOverrides> => {
  const onFailure = (error: unknown): RateOverrides => {
    if (toVaultError(error).code === 'service_unavailable') return noOverrides;
    throw error;
  };
  try {
    const found = overrides.rateOverrides(caller.homeTenantId ?? caller.tenantId);
    return found instanceof Promise ? found.catch(onFailure) : found;
  } catch (error) {
    return onFailure(error);
  }
};

/** A revoked token counts as a failed authentication too, or its bearer could fill the audit trail with refusals. */
const identify = (
  token: VerifiedToken,
  request: RequestInfo,
  { directory, limiter }: PipelineOptions,
): ResolvedIdentity | Promise<ResolvedIdentity> => {
  const onFailure = (error: unknown): never => {
    if (isVaultError(error, 'token_revoked')) limiter.takeSilently('auth:failures', request.sourceIp ?? 'unknown');
    throw error;
  };
  try {
    const found = resolveIdentity(token, directory);
    return found instanceof Promise ? found.catch(onFailure) : found;
  } catch (error) {
    return onFailure(error);
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
const compileInput = (method: DescMethodUnary, check: InputCheck, once: CarryOutOnce | undefined): Step => {
  const validate = compileRules(method.input);
  const target = compileTarget(method);
  const prefix = compilePrefix(method);
  return (passage) => {
    raiseInputRefusal(passage.context);
    passage.key = once?.keyOf(passage.context);
    validate(passage.message);
    check?.(passage.message);
    if (passage.caller !== undefined && target !== undefined) {
      passage.target = target(passage.message, passage.caller.objectScope);
      passage.facts.secretPath = passage.target.policyPath;
    }
    if (prefix !== undefined) {
      passage.prefix = prefix(passage.message);
      const scope = passage.caller?.objectScope;
      passage.facts.secretPath = (scope === undefined ? passage.prefix : policyPrefixOf(scope, passage.prefix))?.text;
    }
  };
};

/** Steps 6 and 7: role and policies of the caller on the parsed path, then one unit; a denial takes its unit too. */
const compileAdmit = (method: DescMethodUnary, option: Access, options: PipelineOptions): Step => {
  const permission = permissionOf(method);
  const category = rateCategoryOf(method, option);
  const judge = createJudge(options);
  const refusalOf = ({ caller, target, facts }: Passage): VaultError | undefined => {
    if (caller === undefined || permission === undefined) return undefined;
    const byRole = refusalByRole(caller, permission);
    if (byRole !== undefined || target === undefined) return byRole;
    const { policyId, refusal } = judge(caller, permission, target.policyPath);
    facts.policyId = policyId;
    return refusal;
  };
  return (passage) => {
    const refusal = refusalOf(passage);
    if (category !== undefined)
      options.limiter.take(
        passage.context,
        category,
        rateKey(passage.caller, passage.request),
        overrideOf(passage, category, options),
      );
    if (refusal !== undefined) throw refusal;
  };
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

const overrideOf = (
  { overrides, caller }: Pick<Passage, 'overrides' | 'caller'>,
  category: RateCategory,
  { nowMs }: Pick<PipelineOptions, 'nowMs'>,
): number | undefined =>
  caller === undefined || overrides.size === 0
    ? undefined
    : overrideFor(overrides, caller.identityId, category, nowMs());

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
  identify: Step,
  check: InputCheck,
  once: CarryOutOnce | undefined,
): readonly Step[] => {
  const input = compileInput(method, check, once);
  const admit = compileAdmit(method, option, options);
  switch (option.audience) {
    case Audience.PEERS:
      return [requirePeer(option), input];
    case Audience.PUBLIC:
      return [input, admit];
    default:
      return option.peers.length === 0 ? [identify, input, admit] : [requirePeer(option), identify, input, admit];
  }
};

/** RPCs that our own processes call: the certificate says who calls, the contract says who may. */
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
  (method, handler, checkInput, service) => {
    const option = getOption(method, access);
    checkAccess(method, option);
    const once = compileCarryOutOnce(method, service, options.logger);
    const identify = compileIdentify(method, option, options);
    const steps = stepsFor(method, option, options, identify, checkInput, once);
    const isEmpty = compileIsEmpty(method, option);
    const judgeItem = compileJudgeItem(method, option, createJudge(options));
    const { audit } = options;
    // Whoever calls for a caller of its own stands where the gateway stands for others.
    const edges = new Set(option.audience === Audience.PEERS || option.peers.length === 0 ? ['gateway'] : option.peers);
    const auditItem = compileAuditItem(option, audit);
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
      const { key } = passage;
      return once === undefined || key === undefined
        ? await runAudited(passage, option, audit, handler, isEmpty)
        : await runKeyed(passage, option, audit, () => once.admit(passage, passage.message, key, handler));
    };

    return async (message, context) => {
      const request = openRequest(context, edges);
      const passage: Passage = {
        message,
        context,
        request,
        facts: factsOf(option.resource, request),
        overrides: noOverrides,
        caller: undefined,
        target: undefined,
        prefix: undefined,
        key: undefined,
        once: undefined,
        extra: {},
        audited: (subject, work) => auditedWork(passage, option, audit, subject, work),
        renewCaller: async () => {
          if (passage.caller === undefined) throw defect('This RPC has no caller.');
          await identify(passage);
          return passage.caller;
        },
        judgeItem: (secretPath) => judgeItem(passage, secretPath),
        auditItem: (item, work) => auditItem(passage, item, work),
        reserveUnits: (category, units) =>
          options.limiter.reserve(
            category,
            rateKey(passage.caller, request),
            units,
            overrideOf(passage, category, options),
          ),
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
