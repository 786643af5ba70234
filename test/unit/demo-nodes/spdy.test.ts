import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  controlFrame,
  dataFrameHeader,
  FrameReader,
  HeaderDecoder,
  HeaderEncoder,
} from '../../../src/demo/nodes/streaming/spdy-frames.ts';
import { spdyDictionary } from '../../../src/demo/nodes/streaming/spdy-dictionary.ts';

describe('SPDY/3.1 frames', () => {
  it('knows the dictionary of the protocol, byte for byte in length', () => {
    assert.equal(spdyDictionary.length, 1423);
    assert.equal(spdyDictionary.subarray(0, 11).toString('latin1'), '\0\0\0\u0007options');
  });

  it('reads frames however the bytes are cut', () => {
    const frame = fc.oneof(
      fc.record({
        kind: fc.constant('data' as const),
        streamId: fc.integer({ min: 1, max: 0x7fffffff }),
        flags: fc.integer({ min: 0, max: 1 }),
        payload: fc.uint8Array({ maxLength: 300 }),
      }),
      fc.record({
        kind: fc.constant('control' as const),
        type: fc.integer({ min: 1, max: 9 }),
        flags: fc.integer({ min: 0, max: 1 }),
        payload: fc.uint8Array({ maxLength: 300 }),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (frames, cuts) => {
          const bytes = Buffer.concat(
            frames.map((one) =>
              one.kind === 'data'
                ? Buffer.concat([dataFrameHeader(one.streamId, one.flags, one.payload.length), one.payload])
                : controlFrame(one.type, one.flags, Buffer.from(one.payload)),
            ),
          );
          const reader = new FrameReader();
          const read: unknown[] = [];
          for (let start = 0, cut = 0; start < bytes.length; cut += 1) {
            const size = cuts[cut % cuts.length] ?? 1;
            reader.push(bytes.subarray(start, start + size));
            start += size;
            for (let next = reader.next(); next !== undefined; next = reader.next())
              read.push({ ...next, payload: Buffer.from(next.payload) });
          }
          assert.deepEqual(
            read,
            frames.map((one) =>
              one.kind === 'data'
                ? { ...one, payload: Buffer.from(one.payload) }
                : { ...one, version: 3, payload: Buffer.from(one.payload) },
            ),
          );
        },
      ),
    );
  });

  it('decodes what it encodes, block after block of one stream', async () => {
    const encoder = new HeaderEncoder();
    const decoder = new HeaderDecoder();
    for (const headers of [
      { streamtype: 'error', port: '8000' },
      { streamtype: 'data', requestid: '17' },
      {},
      { name: 'ä'.repeat(1000) },
    ]) {
      assert.deepEqual(await decoder.decode(encoder.encode(headers)), headers);
    }
    decoder.dispose();
  });
});
