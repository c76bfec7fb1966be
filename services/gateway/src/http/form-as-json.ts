import { type DescMessage, getOption } from '@bufbuild/protobuf';
import { json } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';

/** True for the media type of forms (WHATWG URL section 5). */
export const isForm = (contentType: string | undefined): boolean =>
  (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';

/**
 * A form as the JSON object that it stands for, so that it is read by the same rules. Fields that are lists may come
 * several times, all others once: 400 `invalid_request`. What has no value counts as left out (RFC 6749 section 3.2).
 */
export const formAsJson = (form: Buffer, input: DescMessage): Buffer => {
  const lists = new Set(
    input.fields
      .filter((field) => field.fieldKind === 'list' || getOption(field, json).documentedList)
      .map(({ name }) => name),
  );
  const members = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(form.toString('utf8'))) {
    if (value === '') continue;
    const known = members.get(name);
    if (lists.has(name)) members.set(name, [...(Array.isArray(known) ? known : []), value]);
    else if (known === undefined) members.set(name, value);
    else {
      throw new VaultError('invalid_request', 'A field of the form comes twice.', {
        details: { reason: 'duplicate_name' },
      });
    }
  }
  return Buffer.from(JSON.stringify(Object.fromEntries(members)));
};
