#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { InputError } from './input.ts';
import { type VerifyOptions, type VerifyReport, verifyFiles } from './verify-files.ts';

const usage = `scaivault-verify: checks an audit trail of ScaiVault against its signed checkpoints, offline.

  --keys FILE          the answer of GET /v1/audit/keys, best an own copy of it
  --checkpoints FILE   checkpoints, one a line, or answers of GET /v1/audit/checkpoints; may be given several times
  --records FILE       records, one a line (an export as JSONL), or answers of GET /v1/audit/logs; several times
  --kept FILE          checkpoints that you kept from an earlier day: the chain must lead through them; several times
  --export FOLDER      a downloaded export, with its manifest; every file of it is checked
  --proof FILE         an answer of GET /v1/audit/logs/{id}:proof; several times
  --partial            the records are an extract: what is there is checked, nothing is missing
  --from NUMBER        the first event_seq that is expected, where older records have been removed in time
  --json               the report as JSON

Ends with 0 when all is well, with 1 when something is wrong, with 2 when the files cannot be read.
`;

const readOptions = (): { readonly options: VerifyOptions; readonly asJson: boolean } => {
  const many = { type: 'string', multiple: true, default: [] as string[] } as const;
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      checkpoints: many,
      records: many,
      kept: many,
      proof: many,
      export: { type: 'string' },
      partial: { type: 'boolean', default: false },
      from: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const from = Number(values.from);
  if (values.keys === undefined) throw new InputError('--keys is needed');
  if (!Number.isSafeInteger(from) || from < 1) throw new InputError('--from is a number from 1');
  if (values.export === undefined && values.checkpoints.length + values.proof.length === 0)
    throw new InputError('--export, --checkpoints or --proof is needed');
  const { keys, checkpoints, records, kept, proof: proofs, export: exported, partial: isPartial } = values;
  return { options: { keys, checkpoints, records, kept, proofs, exported, isPartial, from }, asJson: values.json };
};

const asText = ({ checkpoints, records, lastHead, findings, findingCount }: VerifyReport): string => {
  const lines = findings.map(({ reason, eventSeq, checkpointId, what }) =>
    eventSeq === null
      ? `${reason}  ${what}`
      : `${reason}  event_seq ${eventSeq}  ${checkpointId ?? 'no checkpoint'}: ${what}`,
  );
  if (findingCount > findings.length) lines.push(`and ${findingCount - findings.length} more`);
  lines.push(`${checkpoints} checkpoints and ${records} records checked, ${findingCount} findings`);
  if (lastHead !== null) lines.push(`the chain ends at event_seq ${lastHead.eventSeq} with head ${lastHead.headHash}`);
  return `${lines.join('\n')}\n`;
};

try {
  const { options, asJson } = readOptions();
  const report = await verifyFiles(options);
  process.stdout.write(asJson ? `${JSON.stringify(report)}\n` : asText(report));
  process.exitCode = report.findingCount === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}
