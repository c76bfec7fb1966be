import type { PathPrefix } from '@scaivault/tenancy';
import { canonicalAddress } from '../domain/canonical-address.ts';
import type { LogFilter } from '../ports.ts';

/** What rows are asked for, as it was said; undefined: anything. */
export interface AskedRows {
  readonly actions: readonly string[];
  readonly identityId: string | undefined;
  readonly identityType: string | undefined;
  readonly prefix: PathPrefix | undefined;
  readonly success: boolean | undefined;
  readonly sourceIp: string | undefined;
  readonly requestId: string | undefined;
}

export const toLogFilter = (asked: AskedRows): LogFilter => ({
  actions: [...new Set(asked.actions)],
  identityId: asked.identityId,
  identityType: asked.identityType,
  path: asked.prefix?.range(),
  success: asked.success,
  sourceIp: asked.sourceIp === undefined ? undefined : canonicalAddress(asked.sourceIp),
  requestId: asked.requestId,
});
