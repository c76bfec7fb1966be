import type { Logger } from '@scaivault/runtime';
import { formatSeconds } from '@scaivault/tenancy';
import type { DueEvent } from '../app/sweep-due-secrets.ts';
import type { SecretPlace } from '../ports.ts';

const timeText = (micros: number): string => formatSeconds(micros / 1000);

/** Tells the operators' log what time has made of a secret; paths and times are no secrets. */
export const createTellDueEvents =
  (logger: Pick<Logger, 'info'>) =>
  ({ scopeId: scope, path }: SecretPlace, event: DueEvent): void => {
    switch (event.kind) {
      case 'expiring':
        logger.info(
          {
            event: 'secret.expiring',
            scope,
            path,
            expires_at: timeText(event.expiresAtMicros),
            days_remaining: event.daysRemaining,
            threshold: event.threshold,
          },
          'A secret expires soon',
        );
        return;
      case 'expired':
        logger.info(
          { event: 'secret.expired', scope, path, expires_at: timeText(event.expiresAtMicros), version: event.version },
          'A secret has expired',
        );
        return;
      case 'erased':
        logger.info(
          { event: 'secret.erased', scope, path, deleted_at: timeText(event.deletedAtMicros) },
          'A deleted secret was erased at the end of its retention',
        );
    }
  };
