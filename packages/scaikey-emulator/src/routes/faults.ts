import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { EmulatorContext } from '../emulator-context.ts';
import { type Faults, faultsSchema, takeFailure } from '../faults.ts';

const clear = (faults: Faults): void => {
  for (const name of Object.keys(faultsSchema.properties)) delete faults[name as keyof Faults];
};

/** `/_dev/faults`: PUT replaces them all, DELETE ends them, GET shows them. */
export const registerFaults = (app: FastifyInstance, { faults }: Pick<EmulatorContext, 'faults'>): void => {
  app.get('/_dev/faults', () => faults);
  app.put<{ Body: Faults }>('/_dev/faults', { schema: { body: faultsSchema } }, ({ body }) => {
    clear(faults);
    return Object.assign(faults, body);
  });
  app.delete('/_dev/faults', async (_request, reply) => {
    clear(faults);
    return reply.code(204).send();
  });
};

/** Disturbs the endpoints the vault calls; control calls always work. */
export const disturb = (app: FastifyInstance, { faults }: Pick<EmulatorContext, 'faults'>): void => {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/api/') && !request.url.startsWith('/oauth/')) return;
    if (faults.delay_ms) await sleep(faults.delay_ms);
    const status = takeFailure(faults);
    if (status !== undefined) {
      await reply.code(status).send({ error: 'server_error', error_description: 'Failing, as ordered.' });
    }
  });
};
