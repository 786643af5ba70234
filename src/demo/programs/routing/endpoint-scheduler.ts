import type { PoolEndpoint, PoolView } from '../../nodes/types.ts';
import { blockHashes, tokenize } from '../servers/openai/tokenizer.ts';

/** Where a request goes: a decode address, and a prefill address where the pool is disaggregated. */
export interface Pick {
  readonly decode: Address;
  readonly prefill: Address | undefined;
}

export interface Address {
  readonly pod: string;
  readonly host: string;
  readonly port: number;
}

const ROLE_LABEL = 'llm-d.ai/role';
const PREFIX_BLOCK_TOKENS = 64;
const REMEMBERED_PREFIXES = 4096;
const PREFIX_WEIGHT = 3;
const LOAD_WEIGHT = 2;

/**
 * The endpoint picker's profile: of the ready pods of a role the one with the best sum of prefix-cache affinity and
 * idleness, as the guides weigh them. It knows load from the requests it sent itself, and prefixes from where it sent them.
 */
export class EndpointScheduler {
  readonly #active = new Map<string, number>();
  readonly #prefixes = new Map<string, Map<number, true>>();
  picks = 0;
  running = 0;

  /** Undefined when no pod that can decode is ready. */
  pick(pool: PoolView, prompt: string): Pick | undefined {
    const hashes = blockHashes(tokenize(prompt.slice(0, 16_384)), PREFIX_BLOCK_TOKENS);
    const ready = pool.endpoints.filter((endpoint) => endpoint.ready);
    const decode = this.#best(
      addresses(
        ready.filter((endpoint) => role(endpoint) !== 'prefill'),
        pool,
      ),
      hashes,
    );
    if (decode === undefined) return undefined;
    const prefill = this.#best(
      addresses(
        ready.filter((endpoint) => role(endpoint) === 'prefill'),
        pool,
      ),
      hashes,
    );
    this.picks += 1;
    for (const address of prefill ? [decode, prefill] : [decode]) this.#remember(key(address), hashes);
    return { decode, prefill };
  }

  /** Counts a request as running on its pods until the returned function is called. */
  begin(pick: Pick): () => void {
    const keys = [pick.decode, ...(pick.prefill ? [pick.prefill] : [])].map(key);
    for (const name of keys) this.#active.set(name, (this.#active.get(name) ?? 0) + 1);
    this.running += 1;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.running -= 1;
      for (const name of keys) this.#active.set(name, (this.#active.get(name) ?? 1) - 1);
    };
  }

  #best(candidates: readonly Address[], hashes: readonly number[]): Address | undefined {
    const most = Math.max(1, ...candidates.map((each) => this.#active.get(key(each)) ?? 0));
    const score = (each: Address): number => {
      const idle = 1 - (this.#active.get(key(each)) ?? 0) / most;
      return LOAD_WEIGHT * idle + PREFIX_WEIGHT * this.#affinity(key(each), hashes);
    };
    const scored = candidates.map((address, index) => ({
      address,
      score: score(address),
      order: (index + this.picks) % candidates.length,
    }));
    return scored.sort((left, right) => right.score - left.score || left.order - right.order)[0]?.address;
  }

  /** Share of the prompt's blocks, from its start, that were sent there before. */
  #affinity(name: string, hashes: readonly number[]): number {
    const known = this.#prefixes.get(name);
    if (known === undefined || hashes.length === 0) return 0;
    const end = hashes.findIndex((hash) => !known.has(hash));
    return (end < 0 ? hashes.length : end) / hashes.length;
  }

  #remember(name: string, hashes: readonly number[]): void {
    const known = this.#prefixes.get(name) ?? new Map<number, true>();
    this.#prefixes.set(name, known);
    for (const hash of hashes) {
      known.delete(hash);
      known.set(hash, true);
    }
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED_PREFIXES) break;
      known.delete(oldest);
    }
  }
}

function role(endpoint: PoolEndpoint): string {
  return endpoint.labels[ROLE_LABEL] ?? 'both';
}

function addresses(endpoints: readonly PoolEndpoint[], pool: PoolView): readonly Address[] {
  return endpoints.flatMap((endpoint) =>
    pool.targetPorts.map((port) => ({ pod: endpoint.pod, host: endpoint.ip, port })),
  );
}

function key(address: Address): string {
  return `${address.host}:${address.port}`;
}
