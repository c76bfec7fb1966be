import type { Tx } from '@scaivault/db';
import type { ScopeId, SecretPath } from '@scaivault/tenancy';
import type { NewVersion, Rotation } from '../ports.ts';

/** Writes down what a rotation did. */
export const insertRotation = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  { version, createdBy, createdAtMicros }: NewVersion,
  rotation: Rotation,
): Promise<void> => {
  await tx`
    insert into rotation (
      scope_id, id, path, old_version, new_version, auto_generated, grace_ends_at, reason, triggered_by, started_at,
      completed_at
    ) values (
      ${owner}, ${rotation.id}, ${path}, ${version - 1}, ${version}, ${rotation.isGenerated},
      ${rotation.graceEndsAtMicros}, ${rotation.reason ?? null}, ${createdBy}, ${rotation.startedAtMicros},
      ${createdAtMicros}
    )`;
};
