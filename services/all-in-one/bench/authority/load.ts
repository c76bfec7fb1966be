import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@connectrpc/connect';
import { SecretsService } from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { clientCredentials, createCoalescedTransport, peerHostname } from '@scaivault/runtime';

/** What a switch opens and closes: one path for the bearer of one token. */
export interface Question {
  readonly path: string;
  readonly token: string;
}

export interface LoadOrder {
  /** Addresses of the serving processes, `host:port`. */
  readonly targets: readonly string[];
  /** Folder with the development authority's certificates. */
  readonly tls: string;
  /** By the name of the switch. */
  readonly questions: Readonly<Record<string, Question>>;
}

/** One decision of a serving process, times in milliseconds of the machine's clock; null: it refused to decide. */
export interface Decision {
  readonly key: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly allowed: boolean | null;
}

export type LoadCommand =
  | { readonly id: number; readonly open: LoadOrder }
  | { readonly id: number; readonly begin: { readonly perSecond: number } }
  | { readonly id: number; readonly end: true }
  | { readonly id: number; readonly watch: { readonly key: string; readonly allowed: boolean } };

const tickMs = 5;
/** More than this under way, and the machine is not up to the rate that was asked for. */
const mostUnderWay = 500;
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Asking {
  readonly clients: readonly Client<typeof SecretsService>[];
  readonly questions: LoadOrder['questions'];
}

const open = ({ targets, tls, questions }: LoadOrder): Asking => {
  const read = (name: string): Buffer => readFileSync(join(tls, name));
  const identity = { certificate: read('gateway.pem'), key: read('gateway.key'), authority: read('authority.pem') };
  const clients = targets.map((address) => {
    const transport = createCoalescedTransport({
      address,
      credentials: clientCredentials(identity),
      serverName: peerHostname('secrets'),
    });
    return createClient(SecretsService, transport);
  });
  return { clients, questions };
};

const decide = async (
  { questions }: Asking,
  client: Client<typeof SecretsService>,
  key: string,
): Promise<boolean | null> => {
  const { path, token } = questions[key] ?? { path: '', token: '' };
  try {
    await client.readSecret({ path }, { headers: { authorization: `Bearer ${token}` }, timeoutMs: 10_000 });
    return true;
  } catch (error) {
    return isVaultError(error, 'access_denied') ? false : null;
  }
};

let asking: Asking | undefined;
let decisions: Decision[] = [];
let timer: NodeJS.Timeout | undefined;
let underWay = 0;
let turn = 0;

const askOne = async (all: Asking): Promise<void> => {
  const keys = Object.keys(all.questions);
  const key = keys[turn % keys.length] ?? '';
  const client = all.clients[Math.floor(turn / keys.length) % all.clients.length];
  turn += 1;
  if (client === undefined) return;
  underWay += 1;
  const startedAt = nowMs();
  const allowed = await decide(all, client, key);
  underWay -= 1;
  decisions.push({ key, startedAt, endedAt: nowMs(), allowed });
};

const begin = (all: Asking, perSecond: number): void => {
  const startedAt = nowMs();
  let sent = 0;
  timer = setInterval(() => {
    const due = ((nowMs() - startedAt) * perSecond) / 1000;
    // What could not be sent in time is given up, so that the rate never becomes more than was asked for.
    if (underWay >= mostUnderWay) sent = due;
    for (; sent < due && underWay < mostUnderWay; sent += 1) void askOne(all);
  }, tickMs);
};

const end = async (): Promise<readonly Decision[]> => {
  clearInterval(timer);
  while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, tickMs));
  const made = decisions;
  decisions = [];
  return made;
};

/** Asks every process over and over; resolves with the time at which the last of them has decided so. */
const watch = async (all: Asking, key: string, allowed: boolean): Promise<number> => {
  const until = all.clients.map(async (client) => {
    while ((await decide(all, client, key)) !== allowed);
    return nowMs();
  });
  return Math.max(...(await Promise.all(until)));
};

const obey = async (command: LoadCommand): Promise<unknown> => {
  if ('open' in command) asking = open(command.open);
  if (asking === undefined) throw new Error('Nobody has said what to ask.');
  if ('begin' in command) begin(asking, command.begin.perSecond);
  if ('end' in command) return await end();
  if ('watch' in command) return await watch(asking, command.watch.key, command.watch.allowed);
  return true;
};

// In a process of its own, so that it takes no time from those who change things.
process.on('message', (command: LoadCommand) => {
  obey(command).then(
    (result) => process.send?.({ id: command.id, result }),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
