import { webcrypto } from 'node:crypto';
import { BitString, Integer, PrintableString } from 'asn1js';
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralNames,
} from 'pkijs';

/** PEM texts of a certificate and its PKCS#8 key. */
export interface PemIdentity {
  readonly certificate: string;
  readonly key: string;
}

export interface DevelopmentAuthority {
  /** The authority's own certificate, PEM. */
  readonly certificate: string;
  /** A certificate for server and client use under this DNS name, valid as long as the authority. */
  issue(dnsName: string): Promise<PemIdentity>;
}

const oid = {
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const dnsNameTag = 2;
const keyCertSign = Uint8Array.of(0b0000_0100);
const digitalSignature = Uint8Array.of(0b1000_0000);
const validMs = 30 * 86_400_000;
/** Peers whose clocks lag a little accept a fresh certificate all the same. */
const backdatedMs = 300_000;

const { subtle } = webcrypto;

const makeKeys = () => subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);

const toPem = (label: string, der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const extension = (extnID: string, critical: boolean, value: ArrayBuffer): Extension =>
  new Extension({ extnID, critical, extnValue: value });

const bits = (value: Uint8Array<ArrayBuffer>, unusedBits: number): ArrayBuffer =>
  new BitString({ valueHex: value.buffer, unusedBits }).toBER();

const authorityExtensions = (): Extension[] => [
  extension(oid.basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 }).toSchema().toBER()),
  extension(oid.keyUsage, true, bits(keyCertSign, 2)),
];

const peerExtensions = (dnsName: string): Extension[] => [
  extension(oid.keyUsage, true, bits(digitalSignature, 7)),
  extension(
    oid.extendedKeyUsage,
    false,
    new ExtKeyUsage({ keyPurposes: [oid.serverAuth, oid.clientAuth] }).toSchema().toBER(),
  ),
  extension(
    oid.subjectAltName,
    false,
    new GeneralNames({ names: [new GeneralName({ type: dnsNameTag, value: dnsName })] }).toSchema().toBER(),
  ),
];

const commonName = (value: string): AttributeTypeAndValue =>
  new AttributeTypeAndValue({ type: oid.commonName, value: new PrintableString({ value }) });

const certify = async (options: {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: webcrypto.CryptoKey;
  readonly signingKey: webcrypto.CryptoKey;
  readonly extensions: Extension[];
}): Promise<string> => {
  const certificate = new Certificate();
  certificate.version = 2;
  const serial = webcrypto.getRandomValues(new Uint8Array(16));
  // A leading zero bit keeps the serial positive (RFC 5280 4.1.2.2); the one behind it keeps it from being zero.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  certificate.serialNumber = new Integer({ valueHex: serial.buffer });
  certificate.issuer.typesAndValues.push(commonName(options.issuer));
  certificate.subject.typesAndValues.push(commonName(options.subject));
  certificate.notBefore.value = new Date(Date.now() - backdatedMs);
  certificate.notAfter.value = new Date(Date.now() + validMs);
  certificate.extensions = options.extensions;
  await certificate.subjectPublicKeyInfo.importKey(options.publicKey);
  await certificate.sign(options.signingKey, 'SHA-256');
  return toPem('CERTIFICATE', certificate.toSchema(true).toBER());
};

/**
 * An authority for the mutual TLS between processes of one development installation or test run; its key never leaves
 * memory. ECDSA P-256, 30 days; profiles after RFC 5280. Not for production.
 */
export const createDevelopmentAuthority = async (name = 'ScaiVault development'): Promise<DevelopmentAuthority> => {
  const authorityKeys = await makeKeys();
  const certificate = await certify({
    subject: name,
    issuer: name,
    publicKey: authorityKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: authorityExtensions(),
  });
  return {
    certificate,
    issue: async (dnsName) => {
      const keys = await makeKeys();
      return {
        certificate: await certify({
          subject: dnsName,
          issuer: name,
          publicKey: keys.publicKey,
          signingKey: authorityKeys.privateKey,
          extensions: peerExtensions(dnsName),
        }),
        key: toPem('PRIVATE KEY', await subtle.exportKey('pkcs8', keys.privateKey)),
      };
    },
  };
};
