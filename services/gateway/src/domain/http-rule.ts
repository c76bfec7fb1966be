import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { http } from '@scaivault/contracts';

/** What a method's `google.api.http` option says, reduced to the forms that this gateway serves. */
export interface HttpRule {
  readonly httpMethod: string;
  /** Path template as written in the contract, e.g. `/v1/secrets/{path=**}:restore`. */
  readonly template: string;
  /** True: the JSON body fills the request message; otherwise the query does. */
  readonly hasBody: boolean;
}

/** The HTTP binding of a method; undefined for methods that only our own processes call over RPC. */
export const httpRuleOf = (method: DescMethod): HttpRule | undefined => {
  if (!hasOption(method, http)) return undefined;
  const rule = getOption(method, http);
  const { pattern } = rule;
  if (pattern.case === undefined || pattern.case === 'custom' || rule.additionalBindings.length > 0) {
    throw new Error(`${method.parent.typeName}.${method.name}: this form of google.api.http is not supported`);
  }
  if (rule.body !== '' && rule.body !== '*') {
    throw new Error(`${method.parent.typeName}.${method.name}: a body is "*" or left out`);
  }
  return { httpMethod: pattern.case.toUpperCase(), template: pattern.value, hasBody: rule.body === '*' };
};
