export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'greedy'; readonly name: string };

export interface RouteTemplate {
  /** Below `/v1/`. */
  readonly segments: readonly TemplateSegment[];
  /** `restore` of `{path=**}:restore`. A colon behind a literal, as in `secrets:expiring`, is part of the literal. */
  readonly verb: string | undefined;
}

export const apiPrefix = '/v1/';

const placeholder = /^\{([a-z][a-z0-9_]*)(=\*\*)?\}(?::([a-z][a-z0-9-]*))?$/;
const literal = /^[a-z][a-z0-9-]*(?::[a-z][a-z0-9-]*)?$/;

/** Parts of a path template of the contract; throws on forms that the router cannot serve, so that no start hides one. */
export const parseTemplate = (template: string): RouteTemplate => {
  const refuse = (why: string): never => {
    throw new Error(`path template ${template}: ${why}`);
  };
  if (!template.startsWith(apiPrefix)) return refuse(`does not begin with ${apiPrefix}`);
  const parts = template.slice(apiPrefix.length).split('/');
  let verb: string | undefined;
  const segments = parts.map((part, i): TemplateSegment => {
    const isLast = i === parts.length - 1;
    if (literal.test(part)) return { kind: 'literal', text: part };
    const match = placeholder.exec(part);
    const name = match?.[1];
    if (match === null || name === undefined) return refuse(`the segment "${part}" is not supported`);
    if (!isLast && (match[2] ?? match[3]) !== undefined) return refuse('"=**" and verbs belong to the last segment');
    verb = match[3];
    return { kind: match[2] === undefined ? 'parameter' : 'greedy', name };
  });
  return { segments, verb };
};
