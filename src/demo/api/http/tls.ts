import { generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_serverAuth,
} from '@peculiar/asn1-x509';

interface ServerIdentity {
  readonly keyPem: string;
  /** Self-signed: the certificate is its own authority, which is what the kubeconfig carries. */
  readonly certPem: string;
}

const validityYears = 2;
const dayMs = 86_400_000;
const commonName = '2.5.4.3';
const ecdsaWithSha256 = new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' });

/** What the server may be called by. */
const names: readonly GeneralName[] = [
  ...[
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ].map((dNSName) => new GeneralName({ dNSName })),
  ...['127.0.0.1', '10.96.0.1'].map((iPAddress) => new GeneralName({ iPAddress })),
];

/** A certificate for 127.0.0.1 and localhost, valid from the day before `now` (ms): clocks differ a little. */
export function createServerIdentity(now: number): ServerIdentity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(publicKey, now);
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(body)), { key: privateKey, dsaEncoding: 'der' });
  const certificate = new Certificate({
    tbsCertificate: body,
    signatureAlgorithm: ecdsaWithSha256,
    signatureValue: new Uint8Array(signature).buffer,
  });
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certPem: new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))).toString(),
  };
}

/** TBSCertificate of RFC 5280, version 3. */
function certificateBody(publicKey: KeyObject, now: number): TBSCertificate {
  const subject = new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({
        type: commonName,
        value: new AttributeValue({ utf8String: 'llm-d demo cluster' }),
      }),
    ]),
  ]);
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + validityYears);
  return new TBSCertificate({
    version: Version.v3,
    serialNumber: new Uint8Array([1, ...randomBytes(15)]).buffer,
    signature: ecdsaWithSha256,
    issuer: subject,
    validity: new Validity({ notBefore: new Date(now - dayMs), notAfter: until }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
    extensions: new Extensions([
      extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true })),
      extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign)),
      extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth])),
      extension(id_ce_subjectAltName, false, new SubjectAlternativeName([...names])),
    ]),
  });
}

function extension(extnID: string, critical: boolean, value: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}
