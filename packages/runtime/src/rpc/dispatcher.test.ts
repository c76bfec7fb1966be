import type { DescService } from '@bufbuild/protobuf';
import { type InlineMethod, inlineService } from '@scaivault/testkit';
import { describe, expect, it } from 'vitest';
import { createDispatcher, type MountedService } from './dispatcher.ts';

const access = { scope: 'secrets:read' };
const handler = async (): Promise<unknown> => ({});
const mounted = (desc: DescService, implementation: Record<string, unknown> = { ask: handler }): MountedService => ({
  desc,
  implementation,
});
const probe = (methods: readonly InlineMethod[], peer = 'secrets'): DescService =>
  inlineService({ peer, methods }).service;
const build = (...services: MountedService[]) => createDispatcher(services, (_method, next) => next);

describe('createDispatcher', () => {
  it('compiles every RPC behind the interceptor, once', () => {
    const seen: string[] = [];
    const service = mounted(
      probe([
        { name: 'Ask', access },
        { name: 'Tell', access },
      ]),
      { ask: handler, tell: handler },
    );
    const dispatcher = createDispatcher([service], (method, next) => {
      seen.push(method.name);
      return next;
    });
    expect(seen).toEqual(['Ask', 'Tell']);
    expect([...dispatcher.methods.keys()]).toEqual(['/test.v1.Probe/Ask', '/test.v1.Probe/Tell']);
  });

  it('calls the handler as a method of its implementation', async () => {
    const implementation = {
      word: 'own',
      ask(this: { word: string }) {
        return this.word;
      },
    };
    const { methods } = build(mounted(probe([{ name: 'Ask', access }]), implementation));
    expect(await methods.get('/test.v1.Probe/Ask')?.handle({} as never, {} as never)).toBe('own');
  });

  it.each([
    ['an RPC without access option', mounted(probe([{ name: 'Ask' }])), /lacks the access option/],
    ['an RPC without handler', mounted(probe([{ name: 'Ask', access }]), {}), /has no handler/],
    ['an RPC whose handler is no function', mounted(probe([{ name: 'Ask', access }]), { ask: 'x' }), /has no handler/],
    ['a streaming RPC', mounted(probe([{ name: 'Ask', access, streams: true }])), /is a stream/],
    ['a service that names no peer', mounted(probe([{ name: 'Ask', access }], '')), /names its peer/],
    [
      'a service without surface option',
      mounted(inlineService({ methods: [{ name: 'Ask', access }] }).service),
      /names its peer/,
    ],
  ])('refuses %s', (_what, service, message) => {
    expect(() => build(service)).toThrow(message);
  });

  it('refuses a service that is mounted twice', () => {
    const service = mounted(probe([{ name: 'Ask', access }]));
    expect(() => build(service, service)).toThrow(/mounted twice/);
  });
});
