/** The part of a pino logger the emulator writes to; it never passes a token, key or secret. */
export interface EmulatorLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export const silentLog: EmulatorLog = { info: () => {}, warn: () => {} };
