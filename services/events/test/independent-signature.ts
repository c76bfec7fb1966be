import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';

const python =
  'import hmac,sys,json;a=json.load(sys.stdin);' +
  "print('sha256='+hmac.new(a['secret'].encode(),(a['timestamp']+'.').encode()+a['body'].encode(),'sha256').hexdigest())";

const byPython = (input: string): string | undefined => {
  try {
    return execFileSync('python3', ['-c', python], { input, encoding: 'utf8', timeout: 10_000 }).trim();
  } catch {
    // Not on this machine.
    return undefined;
  }
};

/**
 * The signature as a receiver would compute it from the contract (rest-api-core 9), in another program's HMAC where there
 * is one.
 */
export const independentSignature = (secret: string, timestamp: string, body: string): string =>
  byPython(JSON.stringify({ secret, timestamp, body })) ??
  `sha256=${createHmac('sha256', Buffer.from(secret, 'utf8'))
    .update(Buffer.from(`${timestamp}.${body}`, 'utf8'))
    .digest('hex')}`;
