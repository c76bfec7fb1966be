import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type EmulatorOptions, generateKeys, type ScaiKeyEmulator, startScaiKeyEmulator } from '../src/index.ts';

const keys = await generateKeys();

/** A state file in a folder of its own, removed after the test. */
export const newStateFile = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'scaikey-emulator-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'state.json');
};

export const startForTest = async (options: Partial<EmulatorOptions> = {}): Promise<ScaiKeyEmulator> => {
  const stateFile = options.stateFile ?? (await newStateFile());
  const emulator = await startScaiKeyEmulator({ host: '127.0.0.1', port: 0, keys, ...options, stateFile });
  onTestFinished(() => emulator.stop());
  return emulator;
};

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  readonly body: any;
}

/** One call with a JSON body, or a form when `form` is given. */
export const call = async (
  method: string,
  url: string,
  parts: { json?: unknown; form?: Record<string, string>; headers?: Record<string, string> } = {},
): Promise<Answer> => {
  const answer = await fetch(url, {
    method,
    headers: { ...(parts.json !== undefined && { 'content-type': 'application/json' }), ...parts.headers },
    ...(parts.json !== undefined && { body: JSON.stringify(parts.json) }),
    ...(parts.form !== undefined && { body: new URLSearchParams(parts.form) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
};
