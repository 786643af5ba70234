import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { TraceNormaliser, type NormalisePlan } from './normalise.ts';

const CHUNK = 256 << 10;

/** A trace as Perfetto takes it best: normalised, and gzip at the lowest level, which halves what the browser must hold. */
export class TraceStream {
  readonly fileName: string;
  readonly #path: string;
  readonly #gzip: boolean;
  readonly #plan: NormalisePlan;

  constructor(path: string, gzip: boolean, plan: NormalisePlan) {
    const name = basename(path);
    this.fileName = name.endsWith('.gz') ? name : `${name}.gz`;
    this.#path = path;
    this.#gzip = gzip;
    this.#plan = plan;
  }

  async pipe(target: Writable): Promise<void> {
    const source = createReadStream(this.#path, { highWaterMark: CHUNK });
    const normalised = normalise(this.#plan);
    const packed = createGzip({ level: 1, chunkSize: CHUNK });
    if (this.#gzip) await pipeline(source, createGunzip({ chunkSize: CHUNK }), normalised, packed, target);
    else await pipeline(source, normalised, packed, target);
  }
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
