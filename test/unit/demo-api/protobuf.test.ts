import assert from 'node:assert/strict';
import { loadApiData } from '../../../src/demo/api/catalogue/data.ts';
import { ProtobufDecoder } from '../../../src/demo/api/protobuf/decode.ts';
import { ApiError } from '../../../src/demo/api/base/status.ts';

const varint = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
};
const number = (at: number, value: number): Buffer => Buffer.from([...varint(at << 3), ...varint(value)]);
const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);
const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  message(Buffer.from('k8s\0'), field(1, message(field(1, apiVersion), field(2, kind))), field(2, raw));

describe('API server: protobuf bodies', () => {
  let decoder: ProtobufDecoder;
  before(async () => {
    decoder = new ProtobufDecoder((await loadApiData()).protobuf);
  });

  it('reads maps, bytes and metadata, and leaves out what JSON would', () => {
    const meta = message(
      field(1, 'release'),
      field(2, ''),
      number(7, 0),
      field(8, ''),
      field(11, message(field(1, 'owner'), field(2, 'helm'))),
    );
    const secret = message(
      field(1, meta),
      field(2, message(field(1, 'release'), field(2, Buffer.from([1, 2, 255])))),
      field(3, 'helm.sh/release.v1'),
    );
    assert.deepEqual(decoder.decode(envelope('v1', 'Secret', secret)), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'release', labels: { owner: 'helm' } },
      data: { release: 'AQL/' },
      type: 'helm.sh/release.v1',
    });
  });

  it('keeps a zero that was meant, and unfolds what JSON has inline', () => {
    const volume = message(field(1, 'scratch'), field(2, field(2, '')));
    const container = message(
      field(1, 'main'),
      field(2, 'busybox'),
      field(6, message(number(1, 0), number(2, 0), number(3, 8080))),
    );
    const template = field(2, message(field(1, volume), field(2, container)));
    const spec = message(
      number(1, 0),
      field(2, field(1, message(field(1, 'app'), field(2, 'x')))),
      field(3, template),
      number(7, 0),
    );
    assert.deepEqual(
      decoder.decode(envelope('apps/v1', 'Deployment', message(field(1, field(1, 'd')), field(2, spec)))),
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'x' } },
          template: {
            spec: {
              volumes: [{ name: 'scratch', emptyDir: {} }],
              containers: [{ name: 'main', image: 'busybox', ports: [{ containerPort: 8080 }] }],
            },
          },
        },
      },
    );
  });

  it('reads times, quantities and numbers that may be words', () => {
    const port = message(number(3, 80), field(4, message(number(1, 1), number(2, 0), field(3, 'http'))));
    const service = message(
      field(1, message(field(1, 's'), field(9, number(1, 1_700_000_000)))),
      field(2, field(1, port)),
    );
    const decoded = decoder.decode(envelope('v1', 'Service', service));
    assert.deepEqual(decoded, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', deletionTimestamp: '2023-11-14T22:13:20Z' },
      spec: { ports: [{ port: 80, targetPort: 'http' }] },
    });
    const quota = field(2, field(1, message(field(1, 'pods'), field(2, field(1, '5')))));
    assert.deepEqual(decoder.decode(envelope('v1', 'ResourceQuota', quota)), {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      spec: { hard: { pods: '5' } },
    });
  });

  it('refuses what is no such body', () => {
    const whole = envelope('v1', 'Secret', field(3, 'Opaque'));
    for (const bytes of [
      Buffer.from('{}'),
      whole.subarray(0, whole.length - 2),
      envelope('v1', 'Nothing', Buffer.alloc(0)),
    ]) {
      assert.throws(
        () => decoder.decode(bytes),
        (error) => error instanceof ApiError && error.body.code === 400,
      );
    }
  });
});
