import { type DescMethodUnary, getOption } from '@bufbuild/protobuf';
import { type Access, Audience, answers, surface } from '@scaivault/contracts/options/v1/access';
import { rpcPath } from '@scaivault/runtime';
import { isAuditAction } from './audit/audit-actions.ts';
import { permissionOf } from './policy-target.ts';

const isForCallers = ({ audience }: Access): boolean =>
  audience === Audience.UNSPECIFIED || audience === Audience.ANY_TOKEN;

const canTellEmpty = (method: DescMethodUnary, option: Access): boolean =>
  option.audit !== '' &&
  !option.auditEach &&
  !getOption(method, answers).idempotent &&
  method.output.fields.some(({ name, fieldKind }) => name === option.auditUnlessEmpty && fieldKind === 'list');

/** No call of anybody outside goes unseen unless the contract says so in as many words. */
const findAuditFault = ({ audience, audit, noRow }: Access): string | undefined => {
  if (audit !== '' && noRow) return 'names an audit action and says that it leaves no row';
  if (audit !== '') return isAuditAction(audit) ? undefined : `names no audit action: ${audit}`;
  return audience === Audience.PEERS || noRow ? undefined : 'names no audit action, nor says that it leaves no row';
};

/** What is wrong with an access option, or undefined: each would let somebody in whom nobody has judged, or unseen. */
const findFault = (method: DescMethodUnary, option: Access): string | undefined => {
  const hasPermission = permissionOf(method) !== undefined;
  if (option.audience === Audience.UNSPECIFIED && option.scope === '') return 'names no scope';
  if (option.audience === Audience.PEERS && option.peers.length === 0) return 'names no peers';
  if (option.audience === Audience.PUBLIC && option.peers.length > 0) return 'is for everybody and names peers';
  if (hasPermission && !isForCallers(option)) return 'asks for a permission of callers that it does not know';
  if (hasPermission && option.path === '' && !option.eachRow) return 'asks for a permission and names no path';
  if (!hasPermission && (option.path !== '' || option.eachRow)) return 'names a path and asks for no permission';
  if (option.auditEach && (!option.eachRow || option.audit === '')) return 'leaves rows of items that it does not have';
  if (option.auditUnlessEmpty !== '' && !canTellEmpty(method, option))
    return 'leaves rows by a list that its answer does not have, or beside other rows';
  if (getOption(method.parent, surface).partnerPrefix && isForCallers(option) && !hasPermission)
    return "is served for a partner's objects and asks for no permission that says whether it changes them";
  return findAuditFault(option);
};

/** Refuses to build an RPC whose access option contradicts itself, so that its process refuses to start. */
export const checkAccess = (method: DescMethodUnary, option: Access): void => {
  const fault = findFault(method, option);
  if (fault !== undefined) throw new Error(`RPC ${rpcPath(method)} ${fault}.`);
};
