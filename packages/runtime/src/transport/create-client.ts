import type { DescMessage, DescMethodUnary, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { CallOptions, Client, Transport } from '@connectrpc/connect';

type Call = (input: MessageInitShape<DescMessage>, options?: CallOptions) => Promise<MessageShape<DescMessage>>;

const callOf =
  (method: DescMethodUnary, transport: Transport): Call =>
  async (input, { signal, timeoutMs, headers, contextValues, onHeader, onTrailer } = {}) => {
    const answer = await transport.unary(method, signal, timeoutMs, headers, input, contextValues);
    onHeader?.(answer.header);
    onTrailer?.(answer.trailer);
    return answer.message;
  };

/**
 * Connect's `createClient` for what crosses our wires, unary calls. Its own module would bring the protocols along that it
 * speaks and we do not, fifty modules in every process (ADR 0021).
 */
export const createClient = <Service extends DescService>(service: Service, transport: Transport): Client<Service> => {
  const client: Record<string, Call> = {};
  for (const method of service.methods) {
    if (method.methodKind === 'unary') client[method.localName] = callOf(method as DescMethodUnary, transport);
  }
  return client as Client<Service>;
};
