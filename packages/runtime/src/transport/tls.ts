import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js';

/** PEM texts of one process: its own certificate and key, and the authority that signed its peers. */
export interface TlsIdentity {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authority: Buffer;
}

const peerDomain = '.scaivault.internal';

/** DNS name that a service's certificate carries and its clients ask for. */
export const peerHostname = (peer: string): string => `${peer}${peerDomain}`;

/** The peer named by a certificate's subjectAltName (`DNS:secrets.scaivault.internal`), or undefined. */
export const peerNameIn = (subjectAltName: string | undefined): string | undefined => {
  for (const entry of subjectAltName?.split(', ') ?? []) {
    if (entry.startsWith('DNS:') && entry.endsWith(peerDomain)) return entry.slice(4, -peerDomain.length);
  }
  return undefined;
};

/** Server side of mutual TLS: callers without a certificate of our authority are turned away in the handshake. */
export const serverCredentials = (tls: TlsIdentity): ServerCredentials =>
  ServerCredentials.createSsl(tls.authority, [{ cert_chain: tls.certificate, private_key: tls.key }], true);

/** Client side of mutual TLS. */
export const clientCredentials = (tls: TlsIdentity): ChannelCredentials =>
  credentials.createSsl(tls.authority, tls.key, tls.certificate);
