import type { Vault } from '@scaivault/testkit/start-vault';

/** Changes something in the emulator, as ScaiKey's own administrators would; gives its answer. */
export const controlScaiKey = async (
  vault: Vault,
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
): Promise<any> => {
  const answer = await fetch(`${vault.scaiKeyUrl}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} at the emulator: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
};

/** A token as an attacker would make it: with wrong claims, header, key or signature. */
export const mintHostile = async (vault: Vault, wish: object): Promise<string> => {
  const { access_token } = await controlScaiKey(vault, 'POST', '/_dev/tokens:mint', wish);
  return access_token;
};
