import { availableParallelism } from 'node:os';
import { parseDuration } from '@scaivault/tenancy';
import { Secret } from './secret.ts';

/** How one environment variable is read: the text's parser, its default, and the sentence that explains it. */
export interface Setting<Value> {
  readonly parse: (text: string) => Value;
  readonly fallback: Value;
  readonly meaning: string;
  /** May also be given as NAME_FILE, a path. */
  readonly fromFile: boolean;
}

export class SettingError extends Error {}

const setting = <Value>(
  parse: (text: string) => Value,
  fallback: Value,
  meaning: string,
  fromFile = false,
): Setting<Value> => ({
  parse,
  fallback,
  meaning,
  fromFile,
});

const expect = (valid: boolean, what: string): void => {
  if (!valid) throw new SettingError(`must be ${what}`);
};

const integerIn =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    expect(/^\d+$/.test(text) && value >= least && value <= most, `a whole number from ${least} to ${most}`);
    return value;
  };

const durationMs = (text: string): number => {
  try {
    return parseDuration(text, { field: '', allowZero: true }).seconds * 1000;
  } catch {
    throw new SettingError('must be a duration such as 30s, 10m or 1h30m');
  }
};

const address = (text: string): string => {
  expect(/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(text), 'host:port');
  return text;
};

const url =
  (...protocols: string[]) =>
  (text: string): string => {
    expect(
      URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );
    return text.replace(/\/+$/, '');
  };

const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** An empty secret is a forgotten one. */
const secret = (text: string): Secret => {
  expect(text !== '', 'set to something, or left out');
  return new Secret(text);
};

type Text = string | undefined;

/** The kinds of setting; `optional…` ones are undefined when unset. */
export const text = (fallback: string, meaning: string): Setting<string> =>
  setting((value) => value, fallback, meaning);
export const optionalText = (meaning: string): Setting<Text> => setting<Text>((value) => value, undefined, meaning);
export const optionalSecret = (meaning: string): Setting<Secret | undefined> =>
  setting<Secret | undefined>(secret, undefined, meaning, true);
export const secretList = (meaning: string): Setting<readonly Secret[]> =>
  setting<readonly Secret[]>((value) => list(value).map((item) => new Secret(item)), [], meaning, true);
export const listOf = (meaning: string): Setting<readonly string[]> => setting(list, [] as readonly string[], meaning);
export const integer = (fallback: number, least: number, most: number, meaning: string): Setting<number> =>
  setting(integerIn(least, most), fallback, meaning);
/** Processes; `auto` stands for one per processor that this one may use. */
export const processCount = (fallback: number, most: number, meaning: string): Setting<number> =>
  setting(
    (value) => (value === 'auto' ? Math.min(most, availableParallelism()) : integerIn(1, most)(value)),
    fallback,
    `${meaning}; auto: one per processor`,
  );
export const flag = (fallback: boolean, meaning: string): Setting<boolean> =>
  setting(
    (value) => {
      expect(value === 'true' || value === 'false', 'true or false');
      return value === 'true';
    },
    fallback,
    meaning,
  );
export const duration = (fallback: string, meaning: string): Setting<number> =>
  setting(durationMs, durationMs(fallback), `${meaning} (milliseconds inside)`);
export const choice = <Word extends string>(words: readonly Word[], fallback: Word, meaning: string): Setting<Word> =>
  setting(
    (value) => {
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) throw new SettingError(`must be one of ${words.join(', ')}`);
      return word;
    },
    fallback,
    meaning,
  );
export const optionalChoice = <Word extends string>(
  words: readonly Word[],
  meaning: string,
): Setting<Word | undefined> =>
  setting<Word | undefined>(
    (value) => {
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) throw new SettingError(`must be one of ${words.join(', ')}`);
      return word;
    },
    undefined,
    meaning,
  );
export const listenAddress = (fallback: string, meaning: string): Setting<string> =>
  setting(address, fallback, meaning);
export const optionalListenAddress = (fallback: string, meaning: string): Setting<string> =>
  setting((value) => (value === '' ? '' : address(value)), fallback, `${meaning}; empty: none`);
/** Kept to the letter: issuers are compared as texts, and some end with a slash (OpenID Connect Core section 2). */
export const optionalIssuer = (protocols: readonly string[], meaning: string): Setting<Text> =>
  setting<Text>(
    (value) => {
      url(...protocols)(value);
      return value;
    },
    undefined,
    meaning,
  );
/** A text with a form of its own; longer ones are better off in a file, NAME_FILE. */
export const document = <Value>(parse: (text: string) => Value, fallback: Value, meaning: string): Setting<Value> =>
  setting(parse, fallback, meaning, true);
export const optionalUrl = (protocols: readonly string[], meaning: string): Setting<Text> =>
  setting<Text>(url(...protocols), undefined, meaning);
/** An address that holds a password, so it is kept as a secret. */
export const optionalSecretUrl = (protocols: readonly string[], meaning: string): Setting<Secret | undefined> =>
  setting<Secret | undefined>((value) => new Secret(url(...protocols)(value)), undefined, meaning, true);
