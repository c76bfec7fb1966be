import type { GeneratorKind } from '../generator.ts';
import type { Sources } from '../sources.ts';

const format = (bytes: Buffer, version: 4 | 7): string => {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  // The variant of RFC 9562, 4.1.
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** All of it random but version and variant (RFC 9562, 5.4). */
export const drawUuid4 = ({ randomBytes }: Sources): string => format(Buffer.from(randomBytes(16)), 4);

/** Begins with the time in milliseconds, so that later ones sort behind (RFC 9562, 5.7). */
const drawUuid7 = ({ randomBytes, nowMs }: Sources): string => {
  const bytes = Buffer.from(randomBytes(16));
  bytes.writeUIntBE(Math.floor(nowMs()), 0, 6);
  return format(bytes, 7);
};

/** Random bits of a version 4; the other six are version and variant. */
export const uuid4Bits = 122;
/** What is left of them beside 48 bits of time. */
const uuid7Bits = uuid4Bits - 48;

export const uuid: GeneratorKind = {
  members: ['version'],
  read(config, name) {
    const [entropyBits, draw] =
      config.choice('version', [4, 7]) === 4 ? [uuid4Bits, drawUuid4] : [uuid7Bits, drawUuid7];
    return { entropyBits, generate: async (sources) => [[name, draw(sources)]] };
  },
};
