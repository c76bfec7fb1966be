import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** When a process began, in the system's own count; tells it from a later one with the same id. Undefined off Linux. */
const startTime = (pid: number): string | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name, may hold spaces; counted behind it, the start is the twentieth.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

const isAlive = (pid: number, started: string): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const now = startTime(pid);
  return now === undefined || started === '' || now === started;
};

const claimedHere = new Set<string>();

/**
 * Takes a data folder for this process; an Error when another living process has it. Returns how to give it back. A
 * claim dies with its process, so a kill needs no cleaning up.
 */
export const claimFolder = async (dataDir: string): Promise<() => Promise<void>> => {
  const path = join(dataDir, 'postgres-owner');
  const [pid = '', started = ''] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
  const other = pid !== '' && Number(pid) !== process.pid && isAlive(Number(pid), started);
  if (other || claimedHere.has(dataDir)) {
    throw new Error(`The database in ${dataDir} is in use by process ${other ? pid : process.pid}.`);
  }
  claimedHere.add(dataDir);
  await writeFile(path, `${process.pid} ${startTime(process.pid) ?? ''}`);
  return async () => {
    claimedHere.delete(dataDir);
    await rm(path, { force: true });
  };
};
