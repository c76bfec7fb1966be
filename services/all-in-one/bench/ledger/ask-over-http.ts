import type { HttpOrder, HttpResult } from '@scaivault/measure/load/http-load';
import type { Stage } from './stage.ts';

/** A load, and an Error when anything was answered otherwise than expected. */
export const askOverHttp = async ({ generator }: Stage, name: string, order: HttpOrder): Promise<HttpResult> => {
  const result = await generator.ask<HttpResult>(order);
  const odd = Object.entries(result.unexpected).map(([kind, count]) => `${kind} (${count} times)`);
  if (odd.length > 0) throw new Error(`${name} gave other answers than expected: ${odd.join(', ')}.`);
  return result;
};
