import type { BindingRecord } from './policy-record.ts';
import type { PolicySubject } from './policy-request.ts';

type Party = Omit<BindingRecord, 'expiresAtMs'>;

/** The name under which a binding finds its subject: the pinned ScaiKey id when there is one, else the bound string. */
export const bindingKey = ({ identityType, identityId, subjectId }: Party): string =>
  subjectId === null ? `${identityType}|name|${identityId}` : `${identityType}|pinned|${subjectId}`;

/** Every name under which a binding may find this one party. */
export const partyKeys = (party: Party): string[] =>
  party.subjectId === null
    ? [bindingKey(party)]
    : // A binding that is not pinned yet knows the string only.
      [bindingKey(party), bindingKey({ ...party, subjectId: null })];

/** Every name under which a binding may find this subject: its own, and those of its groups. */
export const subjectKeys = ({ identityType, identityId, subjectId, groups }: PolicySubject): readonly string[] => [
  ...partyKeys({ identityType, identityId, subjectId }),
  ...groups.flatMap((group) => partyKeys({ identityType: 'group', ...group })),
];
