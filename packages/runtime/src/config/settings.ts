import { type ListedIssuer, parseIssuerList } from './issuer-list.ts';
import * as kind from './setting.ts';

const http = ['https:', 'http:'];

/** Every environment variable that we read, in the order an operator meets them. Rate limits and peers stand apart. */
export const settings = {
  BIND_ADDRESS: kind.listenAddress('0.0.0.0:8443', 'public listener of the gateway'),
  BASE_URL: kind.optionalUrl(http, 'public address, used in links'),
  // Each has a journal and database connections of its own. Without REDIS_URL they share budgets of requests among themselves.
  WORKERS: kind.processCount(1, 64, 'processes of the gateway or the all-in-one vault that share the listener'),
  TLS_CERT_FILE: kind.optionalText('certificate chain of the public listener (PEM); unset: TLS ends upstream'),
  TLS_KEY_FILE: kind.optionalText('key of TLS_CERT_FILE (PEM)'),
  CLIENT_CA_FILE: kind.optionalText('authority of client certificates; unset: none are asked for'),
  // A guard against floods, before anything of a request is read; callers are limited by the RATE_LIMIT_ figures. Generous,
  // because many callers may share an address; the address is that of TRUSTED_PROXIES' word. Counted by each gateway alone.
  ADDRESS_LIMIT: kind.integer(600_000, 0, 1_000_000_000, 'requests per minute from one client address; 0 = unlimited'),
  TRUSTED_PROXIES: kind.listOf('CIDR blocks whose X-Forwarded-For is believed'),
  LOG_LEVEL: kind.choice(['debug', 'info', 'warn', 'error'], 'info', 'least level that is logged'),
  LOG_FORMAT: kind.choice(['json', 'text'], 'json', 'form of the log lines'),
  METRICS_BIND_ADDRESS: kind.optionalListenAddress('0.0.0.0:9464', 'internal listener of /v1/metrics'),
  METRICS_TOKEN: kind.optionalSecret('bearer token that /v1/metrics asks for'),
  METRICS_HIGH_CARDINALITY: kind.flag(false, 'per-identity series'),
  OTEL_EXPORTER_OTLP_ENDPOINT: kind.optionalUrl(http, 'receiver of traces; unset: none are sent'),
  REQUEST_TIMEOUT: kind.duration('30s', 'whole request'),
  SHUTDOWN_TIMEOUT: kind.duration('30s', 'drain after SIGTERM'),
  MAX_BODY_BYTES: kind.integer(2_097_152, 1024, 16_777_216, 'largest request body'),
  SECRET_MAX_BYTES: kind.integer(1_048_576, 1, 8_388_608, 'largest secret value, serialised'),
  DATABASE_URL: kind.optionalSecretUrl(['postgresql:', 'postgres:'], 'PostgreSQL'),
  DATABASE_CA_FILE: kind.optionalText('trust root of the database connection'),
  DATABASE_POOL_SIZE: kind.integer(10, 1, 200, 'connections per process and service'),
  DATABASE_STATEMENT_TIMEOUT: kind.duration('10s', 'longest statement'),
  DATABASE_MIGRATE: kind.choice(['check', 'auto', 'off'], 'check', 'what to do about an old schema at start'),
  // All processes of an installation share one budget of requests through it; without it each process has its own.
  REDIS_URL: kind.optionalSecretUrl(['redis:', 'rediss:'], 'Redis 7 or newer; unset: none is used'),
  REDIS_PREFIX: kind.text('sv:', 'prefix of all Redis keys'),
  RATE_LIMIT_ON_REDIS_LOSS: kind.choice(['local', 'refuse'], 'local', 'per-process buckets, or 503'),
  READY_REQUIRES_REDIS: kind.flag(false, 'not ready without Redis'),
  SCAIKEY_URL: kind.optionalUrl(http, 'identity provider'),
  SCAIKEY_JWKS_URL: kind.optionalUrl(http, 'key set; unset: found by discovery'),
  SCAIKEY_AUDIENCE: kind.optionalText('accepted `aud`'),
  SCAIKEY_ISSUER: kind.optionalText('issuer pattern; /tenants/* below SCAIKEY_URL when unset'),
  // Needed by every process that takes `skt_` tokens: each of them asks ScaiKey itself.
  SCAIKEY_CLIENT_ID: kind.optionalText('our own client at ScaiKey'),
  SCAIKEY_CLIENT_SECRET: kind.optionalSecret('secret of that client'),
  SCAIKEY_TOKEN_URL: kind.optionalUrl(http, 'token endpoint; unset: found by discovery'),
  SCAIKEY_WEBHOOK_SECRET: kind.secretList('secrets of inbound webhooks, two during a rotation'),
  IDENTITY_SYNC_INTERVAL: kind.duration('1h', 'full reconcile of the identity mirror; 0s: webhooks only'),
  OIDC_ISSUER: kind.optionalIssuer(http, 'any OpenID Connect issuer, in place of ScaiKey or beside it'),
  OIDC_AUDIENCE: kind.optionalText('accepted `aud` of that issuer'),
  // A tenant named here is that issuer's alone: a token of ScaiKey for it is refused, and so is one of this issuer for any
  // other tenant. With one name tokens need no tenant claim. Its tokens carry no role beyond tenant_admin then.
  OIDC_TENANTS: kind.listOf('tenants of that issuer; unset: all of them, which only goes without SCAIKEY_URL'),
  OIDC_CLAIM_TENANT: kind.text('tenant_id', 'claim that names the tenant'),
  OIDC_CLAIM_PARTNER: kind.text('partner_id', 'claim that names the partner'),
  OIDC_CLAIM_GROUPS: kind.text('groups', 'claim that lists the groups'),
  OIDC_CLAIM_ROLES: kind.text('roles', 'claim that lists the admin roles'),
  OIDC_CLAIM_SCOPES: kind.text('scope', 'claim that holds the scopes'),
  OIDC_CLAIM_MFA: kind.text('amr', 'claim that tells of a second factor'),
  OIDC_MFA_ACR: kind.listOf('values of `acr` that stand for a second factor'),
  // [{"issuer", "audience", "tenants": […], "claims": {"roles": …}, "mfa_acr": […]}]; the last two may be left out.
  OIDC_ISSUERS: kind.document(parseIssuerList, [] as readonly ListedIssuer[], 'further issuers, as a JSON list'),
  TOKEN_LEEWAY: kind.duration('60s', 'tolerated clock difference'),
  JWKS_REFRESH: kind.duration('10m', 'interval of key set refreshes'),
  INTROSPECTION_CACHE_TTL: kind.duration('60s', 'how long an introspection answer may be used'),
  KMS_PROVIDER: kind.optionalChoice(
    ['local', 'aws', 'gcp', 'azure', 'vault', 'hashicorp', 'pkcs11'],
    'keeper of the root key',
  ),
  KMS_KEY_ID: kind.optionalText('AWS key ARN'),
  AWS_REGION: kind.optionalText('AWS region'),
  KMS_KEY_NAME: kind.optionalText('Google key resource name'),
  KMS_KEY_URL: kind.optionalText('Azure key URL'),
  VAULT_ADDR: kind.optionalUrl(http, 'Vault address'),
  VAULT_TOKEN: kind.optionalSecret('Vault token'),
  VAULT_TRANSIT_KEY: kind.optionalText('Vault Transit key'),
  PKCS11_MODULE: kind.optionalText('HSM library'),
  PKCS11_SLOT: kind.optionalText('HSM slot'),
  PKCS11_PIN: kind.optionalSecret('HSM login'),
  PKCS11_KEY_LABEL: kind.optionalText('HSM key'),
  KMS_LOCAL_KEY_FILE: kind.optionalText('root key of the local provider: 32 bytes, mode 0600'),
  KEY_PROTECTION: kind.choice(['chain', 'direct'], 'chain', 'key chain, or every data key under the root'),
  KEY_CACHE_TTL: kind.duration('5m', 'unwrapped tenant and partner keys in memory'),
  KEY_CACHE_MAX: kind.integer(1000, 1, 1_000_000, 'number of them'),
  KEY_CACHE_GRACE: kind.duration('1h', 'how long they serve on while the KMS is away'),
  KMS_TIMEOUT: kind.duration('2s', 'longest KMS call'),
  S3_ENDPOINT: kind.optionalUrl(http, 'server of the bucket; unset: the one of AWS'),
  S3_BUCKET: kind.optionalText('bucket of large ciphertexts; unset: they stay in the database'),
  S3_REGION: kind.text('us-east-1', 'region of the bucket'),
  S3_ACCESS_KEY_ID: kind.optionalText('access key of the bucket; unset: found as the AWS SDK does'),
  S3_SECRET_ACCESS_KEY: kind.optionalSecret('its secret'),
  S3_FORCE_PATH_STYLE: kind.flag(false, 'bucket in the path instead of the host name'),
  OBJECT_STORE_THRESHOLD: kind.integer(65_536, 1, 8_388_608, 'ciphertext above it goes to the object store'),
  AUDIT_MODE: kind.choice(['async', 'strict'], 'async', 'journal only, or wait for the committed row'),
  AUDIT_RETENTION: kind.duration(
    '400d',
    'how long audit rows are kept where a tenant says nothing else; whole days, 30d to 3650d',
  ),
  AUDIT_SEAL_INTERVAL: kind.duration('10s', 'interval of audit checkpoints'),
  AUTHORITY_MAX_STALENESS: kind.duration('5s', 'how long cached policies and identities may be used unconfirmed'),
  JOURNAL_DIR: kind.optionalText('audit journal; journal/ below DATA_DIR when unset'),
  JOURNAL_MAX_BYTES: kind.integer(1_073_741_824, 1_048_576, Number.MAX_SAFE_INTEGER, 'quota of the journal'),
  JOURNAL_FSYNC: kind.choice(['off', 'group', 'always'], 'group', 'when the journal is forced to the disk'),
  RPC_BIND_ADDRESS: kind.listenAddress('0.0.0.0:9443', 'gRPC listener'),
  RPC_TLS_CERT_FILE: kind.optionalText('certificate of this process (PEM)'),
  RPC_TLS_KEY_FILE: kind.optionalText('its key (PEM)'),
  RPC_TLS_CA_FILE: kind.optionalText('authority of the peers (PEM)'),
  RPC_TIMEOUT: kind.duration('10s', 'longest hop'),
  RPC_COALESCE: kind.choice(['on', 'off'], 'on', 'whether calls between our processes share frames of one stream'),
  DATA_DIR: kind.text('/var/lib/scaivault', 'journal, and in the all-in-one process everything it keeps on disk'),
  LEASE_MAX_TTL: kind.duration('30d', 'cap of leases'),
  LEASE_SWEEP_INTERVAL: kind.duration('30s', 'lease sweeper'),
  LEASE_RETENTION: kind.duration('90d', 'ended leases kept'),
  LEASE_REVOCATION_CONCURRENCY: kind.integer(8, 1, 1000, 'background revocations per process'),
  ENGINE_HEALTH_INTERVAL: kind.duration('60s', 'engine probes'),
  FEDERATION_SYNC_CONCURRENCY: kind.integer(2, 1, 100, 'sync runs per process'),
  // Targets that tenants name (webhooks, buckets of exports) are public addresses; http goes to exceptions only, or where it is allowed.
  OUTBOUND_ALLOWED_CIDRS: kind.listOf('exceptions to the refused target ranges'),
  OUTBOUND_PROXY_URL: kind.optionalSecretUrl(http, 'forward proxy for public targets, told addresses by CONNECT'),
  ALLOW_INSECURE_TARGETS: kind.flag(false, 'plain or unverified TLS to engines and backends'),
  ACME_HTTP01_ADDRESS: kind.optionalListenAddress('', 'own challenge listener'),
  ACME_TLSALPN01_ADDRESS: kind.optionalListenAddress('', 'own challenge listener'),
  BOOTSTRAP_TOKEN: kind.optionalSecret('first token of a new installation'),
  BOOTSTRAP_TENANT_ID: kind.optionalText('tenant of that token'),
} as const;

export type Settings = {
  readonly [Name in keyof typeof settings]: (typeof settings)[Name]['fallback'];
};

/** Variables of the contract that parts of the system read which are still to come. They are checked all the same. */
const notReadYet: ReadonlySet<string> = new Set([
  'ACME_HTTP01_ADDRESS',
  'ACME_TLSALPN01_ADDRESS',
  'BOOTSTRAP_TENANT_ID',
  'BOOTSTRAP_TOKEN',
  'CLIENT_CA_FILE',
  'ENGINE_HEALTH_INTERVAL',
  'FEDERATION_SYNC_CONCURRENCY',
  'KMS_TIMEOUT',
  'LEASE_MAX_TTL',
  'LEASE_RETENTION',
  'LEASE_REVOCATION_CONCURRENCY',
  'LEASE_SWEEP_INTERVAL',
  'METRICS_HIGH_CARDINALITY',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
]);

/** Variables that are set and sound but change nothing in this version, so that an operator can be told. */
export const settingsWithoutEffect = (env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.keys(env).filter(
    (name) => env[name] !== undefined && (notReadYet.has(name) || notReadYet.has(name.replace(/_FILE$/, ''))),
  );
