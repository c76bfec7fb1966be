import type { SealedRowKey } from '@scaivault/db';
import type { PartnerId, TenantId } from '@scaivault/tenancy';

/** A service's row whose content is encrypted under a key of its own. */
export interface KeyedRow {
  readonly tenantId: TenantId;
  readonly partnerId: PartnerId;
  /** Up to 128 characters. */
  readonly rowId: string;
}

/**
 * Seals the keys of rows under the tenant key (rest-api-core 1.6, 14). Both end in 503 when the key chain cannot be
 * asked, and belong in front of a transaction.
 */
export interface KeySeal {
  /** `key` has 1 to 128 bytes. */
  seal(row: KeyedRow, key: Uint8Array): Promise<SealedRowKey>;
  /** `internal_error` or IntegrityError when it was sealed for another row or by another service. */
  open(row: KeyedRow, sealed: SealedRowKey): Promise<Uint8Array>;
}
