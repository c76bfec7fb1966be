import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@connectrpc/connect';
import { SecretsService } from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { answerQuestions } from '@scaivault/measure/answer-questions';
import { type OpenLoop, startOpenLoop } from '@scaivault/measure/load/open-loop';
import { monotonicMs } from '@scaivault/measure/monotonic-ms';
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
  | { readonly open: LoadOrder }
  | { readonly begin: { readonly perSecond: number } }
  | { readonly end: true }
  | { readonly watch: { readonly key: string; readonly allowed: boolean } };

// Every second answer is a refusal, whose stack nobody reads: what the generator spends is missing to the vault.
Error.stackTraceLimit = 0;

/** More than this under way, and the machine is not up to the rate that was asked for. */
const mostUnderWay = 500;

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
let loop: OpenLoop | undefined;
let turn = 0;

const askOne = async (all: Asking): Promise<void> => {
  const keys = Object.keys(all.questions);
  const key = keys[turn % keys.length] ?? '';
  const client = all.clients[Math.floor(turn / keys.length) % all.clients.length];
  turn += 1;
  if (client === undefined) return;
  const startedAt = monotonicMs();
  const allowed = await decide(all, client, key);
  decisions.push({ key, startedAt, endedAt: monotonicMs(), allowed });
};

const end = async (): Promise<readonly Decision[]> => {
  await loop?.stop();
  const made = decisions;
  decisions = [];
  return made;
};

/** Asks every process over and over; resolves with the time at which the last of them has decided so. */
const watch = async (all: Asking, key: string, allowed: boolean): Promise<number> => {
  const until = all.clients.map(async (client) => {
    while ((await decide(all, client, key)) !== allowed);
    return monotonicMs();
  });
  return Math.max(...(await Promise.all(until)));
};

const obey = async (command: LoadCommand): Promise<unknown> => {
  if ('open' in command) asking = open(command.open);
  const all = asking;
  if (all === undefined) throw new Error('Nobody has said what to ask.');
  if ('begin' in command) loop = startOpenLoop({ ...command.begin, mostUnderWay }, () => askOne(all));
  if ('end' in command) return await end();
  if ('watch' in command) return await watch(all, command.watch.key, command.watch.allowed);
  return true;
};

// In a process of its own, so that it takes no time from those who change things.
answerQuestions(obey);
