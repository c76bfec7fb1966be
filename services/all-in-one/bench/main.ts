import { runSeal } from '@scaivault/audit-writer/bench';
import { runPolicy } from '@scaivault/policy-engine/bench';
import { runAudit } from './audit.ts';
import { runAuthority } from './authority/run-authority.ts';
import { runPoll } from './poll.ts';
import { runRead } from './read.ts';
import { runScale } from './scale.ts';

const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  audit: runAudit,
  authority: runAuthority,
  policy: runPolicy,
  poll: runPoll,
  read: runRead,
  scale: runScale,
  seal: runSeal,
};

const name = process.argv[2] ?? 'read';
const scenario = scenarios[name];
if (scenario === undefined) {
  process.stderr.write(`There is no scenario ${name}; there are: ${Object.keys(scenarios).join(', ')}.\n`);
  process.exitCode = 1;
} else {
  await scenario();
}
