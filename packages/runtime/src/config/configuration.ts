import { readFileSync } from 'node:fs';
import { type PeerName, peers } from './peers.ts';
import { type RateCategory, rateCategories } from './rate-categories.ts';
import { type Setting, SettingError } from './setting.ts';
import { type Settings, settings } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Configuration extends Settings {
  /** Units per minute by category, as this installation sets them; 0 = unlimited; absent: the default holds. */
  readonly rateLimits: Readonly<Partial<Record<RateCategory, number>>>;
  /** Addresses of the peers that are named in the environment. */
  readonly peerUrls: Readonly<Partial<Record<PeerName, string>>>;
}

/** A configuration that cannot be used; the message names the variable and never its value. */
export class ConfigurationError extends Error {
  constructor(name: string, what: string) {
    super(`${name} ${what}`);
    this.name = 'ConfigurationError';
  }
}

const readText = (env: Environment, name: string, fromFile: boolean): string | undefined => {
  const direct = env[name];
  const file = fromFile ? env[`${name}_FILE`] : undefined;
  if (file === undefined || file === '') return direct;
  if (direct !== undefined) throw new ConfigurationError(name, `and ${name}_FILE are both set; keep one of them`);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigurationError(
      `${name}_FILE`,
      `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
    );
  }
};

const readSetting = <Value>(env: Environment, name: string, setting: Setting<Value>): Value => {
  const raw = readText(env, name, setting.fromFile);
  if (raw === undefined) return setting.fallback;
  try {
    return setting.parse(raw);
  } catch (error) {
    if (error instanceof SettingError) throw new ConfigurationError(name, error.message);
    throw error;
  }
};

const environmentName = (word: string): string => word.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

const readRateLimits = (env: Environment): Configuration['rateLimits'] => {
  const byName = new Map(
    Object.keys(rateCategories).map((category) => [
      `RATE_LIMIT_${environmentName(category)}`,
      category as RateCategory,
    ]),
  );
  const limits: Partial<Record<RateCategory, number>> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('RATE_LIMIT_') || name in settings || value === undefined) continue;
    const category = byName.get(name);
    if (category === undefined) throw new ConfigurationError(name, 'names no rate category');
    if (!/^\d{1,9}$/.test(value))
      throw new ConfigurationError(name, 'must be a whole number per minute; 0 = unlimited');
    limits[category] = Number(value);
  }
  return Object.freeze(limits);
};

const readPeers = (env: Environment): Configuration['peerUrls'] => {
  const byName = new Map(peers.map((peer) => [`PEER_${environmentName(peer)}_URL`, peer]));
  const urls: Partial<Record<PeerName, string>> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('PEER_') || value === undefined) continue;
    const peer = byName.get(name);
    if (peer === undefined) throw new ConfigurationError(name, 'names no service');
    if (!URL.canParse(value) || new URL(value).protocol !== 'https:')
      throw new ConfigurationError(name, 'must be https://host:port');
    urls[peer] = value;
  }
  return Object.freeze(urls);
};

/**
 * Reads, checks and freezes the whole configuration once. The first variable that cannot be used stops the start with
 * its name; names below RATE_LIMIT_ and PEER_ that mean nothing are refused as well.
 */
export const loadConfiguration = (env: Environment): Configuration => {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) values[name] = readSetting<unknown>(env, name, setting);
  return Object.freeze({ ...(values as Settings), rateLimits: readRateLimits(env), peerUrls: readPeers(env) });
};

/** The process environment; the one place that reads it. */
export const readEnvironment = (): Environment => process.env;
