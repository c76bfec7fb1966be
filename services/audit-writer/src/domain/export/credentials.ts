import { type DestinationType, unusable } from './destination.ts';
import { parseJsonObject } from './parse-json-object.ts';

/** An access key of S3, or of a server that speaks it. */
export interface S3Credentials {
  readonly type: 's3';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly region: string;
  /** Without a slash at the end; undefined: that of AWS for the region. */
  readonly endpoint: string | undefined;
  /** Whether the bucket stands in the path or in front of the host name. */
  readonly addressing: 'path' | 'virtual';
}

/** The key of a Google service account. */
export interface GcsCredentials {
  readonly type: 'gcs';
  readonly clientEmail: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  readonly privateKeyId: string | undefined;
  readonly tokenUri: string;
  readonly endpoint: string;
}

/** The key of an Azure storage account, or a shared access signature. */
export interface AzureCredentials {
  readonly type: 'azure_blob';
  readonly accountName: string;
  /** Base64; undefined where there is a signature. */
  readonly accountKey: string | undefined;
  /** Query parameters without the question mark. */
  readonly sasToken: string | undefined;
  readonly endpoint: string;
}

/** What a secret holds for one kind of store, as far as an export needs it. */
export type Credentials = S3Credentials | GcsCredentials | AzureCredentials;

type Members = Readonly<Record<string, unknown>>;

const unfit = (message: string) => unusable('credentials_path', 'invalid_credentials', message);

const longest = 16_384;

/** The text of a member; refuses by its name and never by its value. */
const optional = (members: Members, name: string): string | undefined => {
  const value = members[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && value.length <= longest) return value;
  throw unfit(`The member ${name} of the secret is no text of at most ${longest} characters.`);
};

const required = (members: Members, name: string): string => {
  const value = optional(members, name);
  if (value === undefined) throw unfit(`The secret lacks the member ${name}.`);
  return value;
};

/** Of a header or a host: nothing that could end it. */
const plain = (members: Members, name: string, pattern: RegExp): string | undefined => {
  const value = optional(members, name);
  if (value !== undefined && !pattern.test(value)) throw unfit(`The member ${name} of the secret has another form.`);
  return value;
};

const word = /^[\x21-\x7e]{1,4096}$/;
const hostPart = /^[a-z0-9-]{1,63}$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

const address = (members: Members, name: string): string | undefined => {
  const value = optional(members, name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isFit = url !== undefined && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isFit || !['https:', 'http:'].includes(url.protocol)) {
    throw unfit(`The member ${name} of the secret is no https URL without credentials and query.`);
  }
  return url.href.replace(/\/+$/, '');
};

const fit = (value: string | undefined, members: Members, name: string): string => value ?? required(members, name);

const readS3 = (members: Members): S3Credentials => {
  const endpoint = address(members, 'endpoint');
  const addressing = plain(members, 'addressing', /^(path|virtual)$/) ?? (endpoint === undefined ? 'virtual' : 'path');
  return {
    type: 's3',
    accessKeyId: fit(plain(members, 'access_key_id', word), members, 'access_key_id'),
    secretAccessKey: fit(plain(members, 'secret_access_key', word), members, 'secret_access_key'),
    sessionToken: plain(members, 'session_token', word),
    region: plain(members, 'region', hostPart) ?? 'us-east-1',
    endpoint,
    addressing: addressing === 'virtual' ? 'virtual' : 'path',
  };
};

const readGcs = (members: Members): GcsCredentials => ({
  type: 'gcs',
  clientEmail: fit(plain(members, 'client_email', word), members, 'client_email'),
  privateKey: required(members, 'private_key'),
  privateKeyId: plain(members, 'private_key_id', word),
  tokenUri: address(members, 'token_uri') ?? 'https://oauth2.googleapis.com/token',
  endpoint: address(members, 'endpoint') ?? 'https://storage.googleapis.com',
});

const readAzure = (members: Members): AzureCredentials => {
  const accountName = fit(plain(members, 'account_name', /^[a-z0-9]{3,24}$/), members, 'account_name');
  const accountKey = plain(members, 'account_key', base64);
  const sasToken = plain(members, 'sas_token', word)?.replace(/^\?/, '');
  if ((accountKey === undefined) === (sasToken === undefined)) {
    throw unfit('The secret has either the member account_key or the member sas_token.');
  }
  const endpoint = address(members, 'endpoint') ?? `https://${accountName}.blob.core.windows.net`;
  return { type: 'azure_blob', accountName, accountKey, sasToken, endpoint };
};

const readers = { s3: readS3, gcs: readGcs, azure_blob: readAzure } as const;

/**
 * Reads the credentials for a kind of store out of the data of a secret (README, the secret of an export). 400
 * `invalid_config` with reason `invalid_credentials`, naming the member that is missing or of another form.
 */
export const readCredentials = (type: DestinationType, data: Uint8Array): Credentials => {
  const members = parseJsonObject(data);
  if (members === undefined) throw unfit('The secret is no JSON object.');
  return readers[type](members);
};

/** Addresses that are asked on the way to the store. */
export const addressesOf = (credentials: Credentials): readonly string[] => {
  switch (credentials.type) {
    case 's3':
      return credentials.endpoint === undefined ? [] : [credentials.endpoint];
    case 'gcs':
      return [credentials.endpoint, credentials.tokenUri];
    case 'azure_blob':
      return [credentials.endpoint];
  }
};
