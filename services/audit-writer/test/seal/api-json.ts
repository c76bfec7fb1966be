import type { DescMessage } from '@bufbuild/protobuf';
import { formatMicros } from '@scaivault/tenancy';

const isTime = (value: unknown): value is { seconds: bigint; nanos: number } =>
  typeof value === 'object' && value !== null && 'seconds' in value;

const jsonValueOf = (value: unknown): unknown => {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return JSON.parse(Buffer.from(value).toString('utf8'));
  if (isTime(value)) return formatMicros(Number(value.seconds) * 1_000_000 + value.nanos / 1000);
  return value;
};

/** A flat message as the gateway writes it; the end-to-end suite holds the gateway's own answers against the verifier. */
export const apiJson = (desc: DescMessage, message: object): string =>
  JSON.stringify(
    Object.fromEntries(
      desc.fields.map((field) => [field.name, jsonValueOf((message as Record<string, unknown>)[field.localName])]),
    ),
  );
