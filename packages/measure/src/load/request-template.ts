/** One kind of request. `{n}` in path and body stands for a number below `among`, in six digits. */
export interface RequestTemplate {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly among?: number;
}

const digits = 6;
const place = '{n}';
const numberAt = (n: number): string => String(n).padStart(digits, '0');

const renderHead = (
  { method, path, body }: RequestTemplate,
  host: string,
  headers: Readonly<Record<string, string>>,
): string => {
  const length = body === undefined ? undefined : Buffer.byteLength(body.replaceAll(place, numberAt(0)));
  const lines = Object.entries({
    host,
    ...headers,
    ...(length === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(length) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
};

/**
 * What writes requests of a kind: a number is drawn for each, and where there are more places than one they lie at equal
 * steps from it, so that no two of a request are the same while there are as many numbers as places.
 */
export const compileTemplate = (
  template: RequestTemplate,
  host: string,
  headers: Readonly<Record<string, string>>,
): ((random: () => number) => string) => {
  const { among = 1, body = '' } = template;
  if (among > 10 ** digits) throw new Error(`There are ${digits} digits for ${among} numbers.`);
  const [start = '', ...pieces] = (renderHead(template, host, headers) + body).split(place);
  const step = Math.max(1, Math.floor(among / Math.max(1, pieces.length)));
  return (random) => {
    const drawn = Math.floor(random() * among);
    return pieces.reduce((text, piece, index) => text + numberAt((drawn + index * step) % among) + piece, start);
  };
};
