import type { MountedService } from '@scaivault/runtime';
import type { Idempotency } from './idempotency.ts';

interface KeyedService extends MountedService {
  readonly idempotency: Idempotency;
}

/** A service with the memory for those of its RPCs that honour an Idempotency-Key (option `answers.idempotent`). */
export const withIdempotency = (service: MountedService, idempotency: Idempotency): MountedService => {
  const keyed: KeyedService = { ...service, idempotency };
  return keyed;
};

const isKeyed = (service: MountedService): service is KeyedService => 'idempotency' in service;

/** The memory that a service was mounted with. */
export const idempotencyOf = (service: MountedService | undefined): Idempotency | undefined =>
  service !== undefined && isKeyed(service) ? service.idempotency : undefined;
