import { type Outbound, OutboundError } from '@scaivault/outbound';
import type { Send } from '../ports/deliveries.ts';

/** Posts through the client that keeps tenants out of our own network. */
export const createSendOutbound =
  (outbound: Pick<Outbound, 'send'>): Send =>
  async ({ url, headers, body, timeoutMs }) => {
    try {
      return await outbound.send(url, { method: 'POST', headers, body }, timeoutMs);
    } catch (error) {
      if (error instanceof OutboundError) return error.failure;
      throw error;
    }
  };
