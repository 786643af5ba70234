import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { TraceNormaliser, type NormalisePlan } from './normalise.ts';

const CHUNK = 256 << 10;

export interface NormaliseJob {
  readonly path: string;
  readonly gzip: boolean;
  readonly plan: NormalisePlan;
}

/** A trace as Perfetto takes it best: normalised, and gzip at the lowest level, which halves what the browser must hold. */
export async function streamNormalised(
  { path, gzip, plan }: NormaliseJob,
  emit: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const source = createReadStream(path, { highWaterMark: CHUNK });
  const normalised = normalise(plan);
  const packed = createGzip({ level: 1, chunkSize: CHUNK });
  const hand = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) await emit(chunk);
  };
  if (gzip) await pipeline(source, createGunzip({ chunkSize: CHUNK }), normalised, packed, hand);
  else await pipeline(source, normalised, packed, hand);
}

function normalise(plan: NormalisePlan): Transform {
  const normaliser = new TraceNormaliser(plan);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(normaliser.push(chunk.toString('latin1')), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(normaliser.end(), 'latin1'));
    },
  });
}
