import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { type Access, Audience, access, answers, http, Permission, rules, surface } from '@scaivault/contracts';
import { publicServices } from '@scaivault/gateway/module';

/** An RPC with an address in the REST API, and what its options promise of it. */
export interface PublicRpc {
  /** `SecretsService/ReadSecret` */
  readonly id: string;
  readonly name: string;
  readonly httpMethod: string;
  /** As the contract writes it, e.g. `/v1/secrets/{path=**}:restore`. */
  readonly template: string;
  readonly hasBody: boolean;
  /** Fields that a request needs and that neither path nor body carries. */
  readonly neededQuery: readonly string[];
  readonly access: Access;
  readonly isPublic: boolean;
  /** True: also served below `/v1/t/{tenant_id}/`. */
  readonly hasTenantPrefix: boolean;
  /** True: also served below `/v1/partner/`. */
  readonly hasPartnerPrefix: boolean;
  /** True: some of its objects are a partner's, told by a field. */
  readonly hasPartnerScope: boolean;
  /** True: its permission is one that changes something. */
  readonly changesObjects: boolean;
  /** Codes of "there is no such thing" that it documents. */
  readonly absenceCodes: readonly string[];
}

const readsOnly: ReadonlySet<Permission> = new Set([Permission.UNSPECIFIED, Permission.READ, Permission.LIST]);

const neededQueryOf = ({ input }: DescMethod, template: string): readonly string[] =>
  input.fields
    .filter((field) => getOption(field, rules).required && !template.includes(`{${field.name}`))
    .map(({ name }) => name);

const publicRpcOf = (method: DescMethod): PublicRpc => {
  const { pattern, body } = getOption(method, http);
  const option = getOption(method, access);
  const { tenantPrefix, partnerPrefix, partnerScope } = getOption(method.parent, surface);
  const template = typeof pattern.value === 'string' ? pattern.value : '';
  const hasBody = body === '*';
  return {
    id: `${method.parent.name}/${method.name}`,
    name: method.name,
    httpMethod: (pattern.case ?? '').toUpperCase(),
    template,
    hasBody,
    neededQuery: hasBody ? [] : neededQueryOf(method, template),
    access: option,
    isPublic: option.audience === Audience.PUBLIC,
    hasTenantPrefix: tenantPrefix,
    hasPartnerPrefix: partnerPrefix,
    hasPartnerScope: partnerScope,
    changesObjects: !readsOnly.has(option.permission),
    absenceCodes: getOption(method, answers).errors.filter((code) => code.endsWith('_not_found')),
  };
};

/** Every RPC that the gateway serves, read from the contract: a new one joins by itself. */
export const publicRpcs: readonly PublicRpc[] = publicServices.flatMap((service) =>
  service.methods.filter((method) => hasOption(method, http)).map(publicRpcOf),
);

/** Every scope word that the contract asks for. */
export const scopeWords: readonly string[] = [
  ...new Set(publicRpcs.map((rpc) => rpc.access.scope).filter((scope) => scope !== '')),
];
