import { isVaultError, type VaultError } from '@scaivault/errors';
import type { JudgedItem } from '@scaivault/pipeline';
import { parseSecretPath, type Scope, type SecretPath } from '@scaivault/tenancy';

/** How each item of a batch is judged by itself and leaves a row of its own. */
export interface ItemRoad {
  judge(path: SecretPath): JudgedItem;
  /** Intent, `work`, outcome; a refused item is not worked on, its refusal is thrown. */
  audited<Result>(item: JudgedItem, work: () => Promise<Result>): Promise<Result>;
}

/** What became of each path, by the text that was sent, in its order. */
export type BatchOutcome<Result> = ReadonlyMap<string, Result | VaultError>;

/** What a failed item answers with; anything but a refusal of ours is a failure of the whole call. */
const refusalOf = (error: unknown): VaultError => {
  if (isVaultError(error)) return error;
  throw error;
};

/** The path of a batch entry judged, or the refusal that is this path's answer (rest-api-core 15, on 4.2). */
const judgeText = (text: string, road: ItemRoad): JudgedItem | VaultError => {
  let path: SecretPath;
  try {
    path = parseSecretPath(text);
  } catch (error) {
    return refusalOf(error);
  }
  return road.judge(path);
};

/**
 * Runs each item by itself, all at once, so that their audit records cross the journal together. Equal paths count once;
 * `work` is given the items that may be looked up, and makes what is done for each.
 */
export const settleItems = async <Result>(
  paths: readonly string[],
  road: ItemRoad,
  work: (permitted: readonly JudgedItem[]) => (item: JudgedItem) => Promise<Result>,
): Promise<BatchOutcome<Result>> => {
  const judged = [...new Set(paths)].map((text) => ({ text, item: judgeText(text, road) }));
  const permitted = judged.flatMap(({ item }) => ('policyPath' in item && item.refusal === undefined ? [item] : []));
  const run = work(permitted);
  const settle = async (item: JudgedItem | VaultError): Promise<Result | VaultError> => {
    if (!('policyPath' in item)) return item;
    try {
      return await road.audited(item, () => run(item));
    } catch (error) {
      return refusalOf(error);
    }
  };
  return new Map(await Promise.all(judged.map(async ({ text, item }) => [text, await settle(item)] as const)));
};

/** Looks things up once for all items, when the first of them asks for it: by then their intents are written. */
export const lookedUpOnce = <Found>(
  items: readonly JudgedItem[],
  lookUp: (scope: Scope, paths: readonly SecretPath[]) => Promise<readonly (Found | undefined)[]>,
): ((item: JudgedItem) => Promise<Found | undefined>) => {
  const places = new Map(items.map((item, place) => [item, place]));
  let found: Promise<readonly (Found | undefined)[]> | undefined;
  return async (item) => {
    found ??= lookUp(
      item.scope,
      items.map(({ path }) => path),
    );
    return (await found)[places.get(item) ?? -1];
  };
};
