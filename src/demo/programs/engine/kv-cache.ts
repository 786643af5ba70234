/** Blocks of one engine's KV cache: how many are taken, and which prefixes are still cached (least recently used leave first). */
export class KvCache {
  readonly blockSize: number;
  readonly blocks: number;
  readonly #prefixCaching: boolean;
  readonly #cached = new Map<number, true>();
  #used = 0;

  constructor(blocks: number, blockSize: number, prefixCaching: boolean) {
    this.blocks = blocks;
    this.blockSize = blockSize;
    this.#prefixCaching = prefixCaching;
  }

  /** 0 to 1. */
  get usage(): number {
    return this.#used / this.blocks;
  }

  blocksOf(tokens: number): number {
    return Math.ceil(tokens / this.blockSize);
  }

  /** Takes blocks; false when there are not enough, and then nothing is taken. */
  take(blocks: number): boolean {
    if (this.#used + blocks > this.blocks) return false;
    this.#used += blocks;
    return true;
  }

  free(blocks: number): void {
    this.#used -= blocks;
  }

  /** Tokens of a prompt whose leading blocks are cached. The last token is always computed, so a whole prompt never is. */
  cachedTokens(blockHashes: readonly number[], promptTokens: number): number {
    if (!this.#prefixCaching) return 0;
    let hits = 0;
    for (const hash of blockHashes) {
      if (!this.#cached.delete(hash)) break;
      this.#cached.set(hash, true);
      hits += 1;
    }
    return Math.min(hits * this.blockSize, Math.max(0, promptTokens - 1));
  }

  remember(blockHashes: readonly number[]): void {
    if (!this.#prefixCaching) return;
    for (const hash of blockHashes) {
      this.#cached.delete(hash);
      this.#cached.set(hash, true);
    }
    for (const oldest of this.#cached.keys()) {
      if (this.#cached.size <= this.blocks) break;
      this.#cached.delete(oldest);
    }
  }

  /** Forgets every prefix, as /reset_prefix_cache asks. */
  reset(): void {
    this.#cached.clear();
  }
}
