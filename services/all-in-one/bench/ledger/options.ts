import { parseArgs } from 'node:util';
import { type BenchShape, shapes } from './shapes.ts';

/** What a run may be told; `options.ts` is the list of it. */
export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** Secrets in the vault, among which the uniform loads draw. */
  readonly secrets: number;
  /** Requests after which `memory` looks again. */
  readonly requests: number;
  /** Rates of the open loop; empty: half of what the closed loop reached. */
  readonly rates: readonly number[];
  readonly shapes: readonly BenchShape[];
  /** Variables of the environment of every vault. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether the processes of the vaults write CPU profiles, which takes a little of their speed. */
  readonly profile: boolean;
}

const full = { rounds: 3, seconds: 5, 'warm-up': 10, connections: 64, secrets: 100_000, requests: 1_000_000 };
const quick = { ...full, rounds: 2, seconds: 2, 'warm-up': 2, secrets: 2_000, requests: 20_000 };
type Count = keyof typeof full;

export const optionsHelp = `
  --quick            rounds of ${quick.seconds} s, ${quick.secrets} secrets, ${quick.requests} requests: does it run, not how fast
  --rounds N         rounds that count (${full.rounds})          --seconds N      length of a round (${full.seconds})
  --warm-up N        seconds before them (${full['warm-up']})       --connections N  callers of the closed loop (${full.connections})
  --secrets N        in the vault (${full.secrets})          --requests N     of memory (${full.requests})
  --rates A,B        open loops at these rates, requests a second, in place of half of the saturation rate
  --shapes A,B       only these of: ${shapes.map(({ name }) => name).join(', ')}
  --set NAME=VALUE   a setting of the vaults, as often as you like
  --profile          the processes of the vaults write CPU profiles to .bench/profiles
`;

const count = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} is a number above 0, not ${text}.`);
  return value;
};

const chosenShapes = (names: string | undefined): readonly BenchShape[] => {
  if (names === undefined) return shapes;
  return names.split(',').map((name) => {
    const shape = shapes.find((each) => each.name === name);
    if (shape === undefined) throw new Error(`There is no shape ${name}; --shapes takes any of those in the help.`);
    return shape;
  });
};

const assignment = (text: string): readonly [string, string] => {
  const [name = '', ...value] = text.split('=');
  if (name === '' || value.length === 0) throw new Error(`--set takes NAME=VALUE, not ${text}.`);
  return [name, value.join('=')];
};

/** Reads the words behind the name of a scenario; an Error says what is wrong with them. */
export const readOptions = (words: readonly string[]): Options => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      rounds: text,
      seconds: text,
      'warm-up': text,
      connections: text,
      secrets: text,
      requests: text,
      rates: text,
      shapes: text,
      set: { ...text, multiple: true, default: [] },
    },
  });
  const given = (name: Count): number => {
    const { [name]: said } = values;
    return said === undefined ? (values.quick ? quick : full)[name] : count(name, said);
  };
  return {
    rounds: given('rounds'),
    seconds: given('seconds'),
    warmUpSeconds: given('warm-up'),
    connections: given('connections'),
    secrets: given('secrets'),
    requests: given('requests'),
    rates: values.rates?.split(',').map((rate) => count('rates', rate)) ?? [],
    shapes: chosenShapes(values.shapes),
    settings: Object.fromEntries(values.set.map(assignment)),
    profile: values.profile,
  };
};
