import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface DevelopmentAccess {
  readonly url: string;
  readonly token: string;
  readonly scaiKeyUrl: string;
  readonly webhookSecret: string;
}

/** Writes `dev.env` (mode 0600), ready to be sourced; gives its path. */
export const writeDevelopmentEnv = async (folder: string, access: DevelopmentAccess): Promise<string> => {
  const file = join(folder, 'dev.env');
  const lines = [
    `SCAIVAULT_URL=${access.url}`,
    `SCAIVAULT_TOKEN=${access.token}`,
    `SCAIKEY_URL=${access.scaiKeyUrl}`,
    `SCAIKEY_WEBHOOK_SECRET=${access.webhookSecret}`,
  ];
  await writeFile(`${file}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return file;
};
