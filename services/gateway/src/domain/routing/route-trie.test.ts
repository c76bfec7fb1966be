import { describe, expect, it } from 'vitest';
import { addRoute, createRouteTrie, findCandidates } from './route-trie.ts';
import { parseTemplate } from './template.ts';

const trieOf = (...calls: string[]) => {
  const root = createRouteTrie<string>();
  for (const call of calls) {
    const [httpMethod = '', template = ''] = call.split(' ');
    expect(addRoute(root, parseTemplate(template), httpMethod, call)).toBe(true);
  }
  return root;
};

const first = (root: ReturnType<typeof trieOf>, httpMethod: string, path: string) => {
  for (const { methods, captures } of findCandidates(root, path, 0)) {
    const route = methods.get(httpMethod);
    if (route !== undefined) return [route, ...captures];
  }
  return undefined;
};

describe('the route trie', () => {
  it('lets a literal below a greedy prefix win for its own method only', () => {
    const root = trieOf('GET /v1/s/{path=**}', 'PUT /v1/s/{path=**}', 'POST /v1/s/batch', 'POST /v1/s/batch/metadata');
    expect(first(root, 'POST', 's/batch')).toEqual(['POST /v1/s/batch']);
    expect(first(root, 'POST', 's/batch/metadata')).toEqual(['POST /v1/s/batch/metadata']);
    expect(first(root, 'GET', 's/batch')).toEqual(['GET /v1/s/{path=**}', 'batch']);
    expect(first(root, 'PUT', 's/batch/metadata')).toEqual(['PUT /v1/s/{path=**}', 'batch/metadata']);
    expect(first(root, 'POST', 's/other')).toBeUndefined();
  });

  it('knows verbs behind a parameter and behind a literal', () => {
    const root = trieOf('GET /v1/logs/{id}', 'GET /v1/logs/{id}:proof', 'GET /v1/s:expiring', 'GET /v1/s');
    expect(first(root, 'GET', 'logs/log_1:proof')).toEqual(['GET /v1/logs/{id}:proof', 'log_1']);
    expect(first(root, 'GET', 'logs/log_1:other')).toEqual(['GET /v1/logs/{id}', 'log_1:other']);
    expect(first(root, 'GET', 'logs/:proof')).toEqual(['GET /v1/logs/{id}', ':proof']);
    expect(first(root, 'GET', 's:expiring')).toEqual(['GET /v1/s:expiring']);
    expect(first(root, 'GET', 's')).toEqual(['GET /v1/s']);
  });

  it('refuses the same call twice, also when its parameters have other names', () => {
    const root = trieOf('GET /v1/p/{id}');
    expect(addRoute(root, parseTemplate('/v1/p/{policy_id}'), 'GET', 'again')).toBe(false);
  });

  it.each(['/v2/a', '/v1/{a=**}/b', '/v1/{a}:x/b', '/v1/A', '/v1/{a=*}', '/v1/a//b', '/v1/', '/v1/{a}b'])(
    'refuses the template %s',
    (template) => {
      expect(() => parseTemplate(template)).toThrow(/path template/);
    },
  );
});
