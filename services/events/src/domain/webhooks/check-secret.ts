import { fieldError } from '@scaivault/errors';

const leastBytes = 16;
const mostBytes = 256;

/** 422 unless the text has 16 to 256 bytes (rest-api-core 9). */
export const checkSecret = (field: string, secret: string): void => {
  const bytes = Buffer.byteLength(secret);
  if (bytes < leastBytes || bytes > mostBytes)
    throw fieldError(field, 'length', `must have ${leastBytes} to ${mostBytes} bytes`);
};
