import { generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';

interface ServerIdentity {
  readonly keyPem: string;
  /** Self-signed: the certificate is its own authority, which is what the kubeconfig carries. */
  readonly certPem: string;
}

const validityYears = 2;

/** A certificate for 127.0.0.1 and localhost, written by hand because Node signs data, not certificates. */
export function createServerIdentity(now: number): ServerIdentity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(publicKey, now);
  const signature = sign('sha256', body, { key: privateKey, dsaEncoding: 'der' });
  const certificate = sequence(body, ecdsaWithSha256, bitString(signature));
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certPem: new X509Certificate(certificate).toString(),
  };
}

/** TBSCertificate of RFC 5280, version 3. */
function certificateBody(publicKey: KeyObject, now: number): Buffer {
  const name = sequence(set(sequence(oid(2, 5, 4, 3), utf8('llm-d demo cluster'))));
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + validityYears);
  return sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    name,
    sequence(utcTime(new Date(now - 86_400_000)), utcTime(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      3,
      sequence(
        extension(oid(2, 5, 29, 19), true, sequence(boolean(true))),
        extension(oid(2, 5, 29, 15), true, keyUsage),
        extension(oid(2, 5, 29, 37), false, sequence(serverAuth)),
        extension(oid(2, 5, 29, 17), false, subjectNames()),
      ),
    ),
  );
}

function subjectNames(): Buffer {
  const dns = (host: string): Buffer => der(0x82, Buffer.from(host));
  const names = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return sequence(...names.map(dns), der(0x87, Buffer.from([127, 0, 0, 1])), der(0x87, Buffer.from([10, 96, 0, 1])));
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

function lengthOf(content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 + number, content);
}

function integer(value: Buffer): Buffer {
  return der(0x02, value);
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]));
}

function bitString(bits: Buffer, unused = 0): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([unused]), bits]));
}

function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function extension(id: Buffer, critical: boolean, value: Buffer): Buffer {
  return sequence(id, ...(critical ? [boolean(true)] : []), der(0x04, value));
}

function oid(...arcs: readonly number[]): Buffer {
  const [first = 0, second = 0, ...rest] = arcs;
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): readonly number[] {
  const digits = [arc & 0x7f];
  for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

const ecdsaWithSha256 = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
const serverAuth = oid(1, 3, 6, 1, 5, 5, 7, 3, 1);
/** digitalSignature and keyCertSign. */
const keyUsage = bitString(Buffer.from([0b1000_0100]), 2);
