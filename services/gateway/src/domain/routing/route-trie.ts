import type { RouteTemplate } from './template.ts';

/** Where templates end: by HTTP method, plain or behind `:verb`. */
interface Ending<R> {
  readonly plain: Map<string, R>;
  readonly verbs: Map<string, Map<string, R>>;
}

export interface RouteNode<R> extends Ending<R> {
  readonly literals: Map<string, RouteNode<R>>;
  parameter: RouteNode<R> | undefined;
  /** Takes everything that remains, slashes included. */
  greedy: Ending<R> | undefined;
}

export type GreedyFault = 'unknown_verb' | 'encoded_colon' | 'empty';

/** One way in which a raw path fits the templates. */
export interface Candidate<R> {
  readonly methods: ReadonlyMap<string, R>;
  /** Raw texts of the placeholders, in the template's order. */
  readonly captures: readonly string[];
  /** The route is known, the greedy path behind it cannot be meant. */
  readonly fault: GreedyFault | undefined;
}

const newEnding = <R>(): Ending<R> => ({ plain: new Map(), verbs: new Map() });

/** An empty trie of path segments. */
export const createRouteTrie = <R>(): RouteNode<R> => ({
  ...newEnding<R>(),
  literals: new Map(),
  parameter: undefined,
  greedy: undefined,
});

const literalChild = <R>(node: RouteNode<R>, literal: string): RouteNode<R> => {
  const child = node.literals.get(literal) ?? createRouteTrie<R>();
  node.literals.set(literal, child);
  return child;
};

const parameterChild = <R>(node: RouteNode<R>): RouteNode<R> => {
  node.parameter ??= createRouteTrie<R>();
  return node.parameter;
};

/** Adds a route; false when the same method is already bound to the same shape of path. */
export const addRoute = <R>(root: RouteNode<R>, template: RouteTemplate, httpMethod: string, route: R): boolean => {
  let node = root;
  let ending: Ending<R> = root;
  for (const segment of template.segments) {
    if (segment.kind === 'greedy') {
      node.greedy ??= newEnding();
      ending = node.greedy;
      break;
    }
    node = segment.kind === 'literal' ? literalChild(node, segment.text) : parameterChild(node);
    ending = node;
  }
  let methods = ending.plain;
  if (template.verb !== undefined) {
    methods = ending.verbs.get(template.verb) ?? new Map<string, R>();
    ending.verbs.set(template.verb, methods);
  }
  if (methods.has(httpMethod)) return false;
  methods.set(httpMethod, route);
  return true;
};

/** Every method that the path answers to in any form; plain routes stand in for themselves before verbs do. */
const anyForm = <R>(ending: Ending<R>): ReadonlyMap<string, R> =>
  new Map([...[...ending.verbs.values()].flatMap((methods) => [...methods]), ...ending.plain]);

/** The greedy rest, split at its last literal colon (rest-api-core 1.1). */
const greedyCandidate = <R>(ending: Ending<R>, rest: string, captures: readonly string[]): Candidate<R> => {
  const colon = rest.lastIndexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const methods = colon === -1 ? ending.plain : ending.verbs.get(rest.slice(colon + 1));
  if (methods === undefined) return { methods: anyForm(ending), captures: [...captures, rest], fault: 'unknown_verb' };
  const all = [...captures, path];
  // `POST …/a%3Adestroy` is a path with a colon in it, whatever verb it looks like: refused as such, not as a method.
  if (/%3a/i.test(path)) {
    return { methods: colon === -1 ? anyForm(ending) : methods, captures: all, fault: 'encoded_colon' };
  }
  return { methods, captures: all, fault: path === '' ? 'empty' : undefined };
};

/**
 * Collects all candidates for the raw path from `start` on, literals before parameters before the greedy rest. The work
 * is bounded by the templates' depth and linear in the path, whatever the path looks like.
 */
export const findCandidates = <R>(root: RouteNode<R>, path: string, start: number): Candidate<R>[] => {
  const found: Candidate<R>[] = [];
  const visit = (node: RouteNode<R>, from: number, captures: readonly string[]): void => {
    const slash = path.indexOf('/', from);
    const segment = slash === -1 ? path.slice(from) : path.slice(from, slash);
    const literal = node.literals.get(segment);
    if (literal !== undefined) {
      if (slash !== -1) visit(literal, slash + 1, captures);
      else if (literal.plain.size > 0) found.push({ methods: literal.plain, captures, fault: undefined });
    }
    const { parameter } = node;
    if (parameter !== undefined && segment !== '') {
      if (slash !== -1) visit(parameter, slash + 1, [...captures, segment]);
      else collectParameter(parameter, segment, captures);
    }
    if (node.greedy !== undefined) found.push(greedyCandidate(node.greedy, path.slice(from), captures));
  };
  const collectParameter = (ending: Ending<R>, segment: string, captures: readonly string[]): void => {
    const colon = ending.verbs.size === 0 ? -1 : segment.lastIndexOf(':');
    const methods = colon < 1 ? undefined : ending.verbs.get(segment.slice(colon + 1));
    if (methods !== undefined) {
      found.push({ methods, captures: [...captures, segment.slice(0, colon)], fault: undefined });
    } else if (ending.plain.size > 0) {
      found.push({ methods: ending.plain, captures: [...captures, segment], fault: undefined });
    }
  };
  visit(root, start, []);
  return found;
};
