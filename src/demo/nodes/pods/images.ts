import { createHash } from 'node:crypto';
import type { DemoTime } from '../types.ts';

export interface PulledImage {
  readonly imageId: string;
  readonly sizeBytes: number;
  /** Seconds that the pull took; undefined when the image was there already. */
  readonly seconds: number | undefined;
}

/** Demo seconds that a pull takes: images with CUDA in them are large. */
const pullSeconds = { large: 4, small: 0.8, unchanged: 0.2 } as const;

/** The images that a node has pulled. A pull that runs is shared by all that wait for it. */
export class ImageStore {
  readonly #time: DemoTime;
  readonly #pulls = new Map<string, Promise<void>>();

  constructor(time: DemoTime) {
    this.#time = time;
  }

  has(image: string): boolean {
    return this.#pulls.has(image);
  }

  async pull(image: string, signal: AbortSignal): Promise<PulledImage> {
    const started = this.#time.now();
    const known = this.#pulls.get(image);
    if (known === undefined) {
      const pull = this.#time.pass(isLarge(image) ? pullSeconds.large : pullSeconds.small, signal);
      this.#pulls.set(image, pull);
      try {
        await pull;
      } catch (error) {
        this.#pulls.delete(image);
        throw error;
      }
    } else {
      await Promise.all([known, this.#time.pass(pullSeconds.unchanged, signal)]);
    }
    return { ...describeImage(image), seconds: (this.#time.now() - started) / 1000 };
  }
}

/** The digest stands for the name: the demo has no registry to ask. */
export function describeImage(image: string): { readonly imageId: string; readonly sizeBytes: number } {
  const digest = createHash('sha256').update(image).digest('hex');
  const repository = image.replace(/@sha256:.*$/, '').replace(/:[^/:]+$/, '');
  const spread = Number.parseInt(digest.slice(0, 6), 16);
  return { imageId: `${repository}@sha256:${digest}`, sizeBytes: isLarge(image) ? 8e9 + spread * 100 : 40e6 + spread };
}

function isLarge(image: string): boolean {
  return /cuda|vllm/i.test(image);
}
