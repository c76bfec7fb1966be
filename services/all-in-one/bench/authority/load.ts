import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { SecretsService } from '@scaivault/contracts';
import { answerQuestions } from '@scaivault/measure/answer-questions';
import { type OpenLoop, startOpenLoop } from '@scaivault/measure/load/open-loop';
import { monotonicMs } from '@scaivault/measure/monotonic-ms';
import {
  type CallerStream,
  clientCredentials,
  encodeHead,
  openCallerStream,
  openGrpcClient,
  peerHostname,
  rpcPath,
} from '@scaivault/runtime';

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

/** More than this under way, and the machine is not up to the rate that was asked for. */
const mostUnderWay = 500;

const timeoutMs = 10_000;
const denied = 'access_denied';

/** Asks one process one question. */
type Ask = (key: string) => Promise<boolean | null>;

interface Asking {
  readonly asks: readonly Ask[];
  readonly keys: readonly string[];
}

/** A call as it goes over the wire, made once: what the generator spends is missing to the vault. */
const bodyOf = ({ path, token }: Question): readonly Uint8Array[] => {
  const { readSecret } = SecretsService.method;
  const head = encodeHead(timeoutMs, [rpcPath(readSecret), 'authorization', `Bearer ${token}`]);
  return [head, toBinary(readSecret.input, create(readSecret.input, { path }))];
};

/** One process: the stream between our processes, and no more read of its answers than what they decided. */
const openAsk = (
  options: Parameters<typeof openGrpcClient>[0],
  bodies: ReadonlyMap<string, readonly Uint8Array[]>,
): Ask => {
  const client = openGrpcClient(options, { 'grpc.enable_retries': 0 });
  let stream: CallerStream | undefined;
  return (key) =>
    new Promise((resolve) => {
      if (stream?.takesCalls !== true) stream = openCallerStream(client);
      stream.call(bodies.get(key) ?? [], {
        answer: () => resolve(true),
        refuse: ({ message }) =>
          resolve(Buffer.from(message.buffer, message.byteOffset, message.length).includes(denied) ? false : null),
        lose: () => resolve(null),
      });
    });
};

const open = ({ targets, tls, questions }: LoadOrder): Asking => {
  const read = (name: string): Buffer => readFileSync(join(tls, name));
  const identity = { certificate: read('gateway.pem'), key: read('gateway.key'), authority: read('authority.pem') };
  const bodies = new Map(Object.entries(questions).map(([key, question]) => [key, bodyOf(question)]));
  const credentials = clientCredentials(identity);
  const serverName = peerHostname('secrets');
  return {
    asks: targets.map((address) => openAsk({ address, credentials, serverName }, bodies)),
    keys: [...bodies.keys()],
  };
};

let asking: Asking | undefined;
let decisions: Decision[] = [];
let loop: OpenLoop | undefined;
let turn = 0;

const askOne = async ({ asks, keys }: Asking): Promise<void> => {
  const key = keys[turn % keys.length] ?? '';
  const ask = asks[Math.floor(turn / keys.length) % asks.length];
  turn += 1;
  if (ask === undefined) return;
  const startedAt = monotonicMs();
  const allowed = await ask(key);
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
  const until = all.asks.map(async (ask) => {
    while ((await ask(key)) !== allowed);
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
