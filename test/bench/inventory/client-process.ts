import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { wallNow, type Answer, type Order } from './protocol.ts';
import type { InventorySnapshot } from '../../../src/inventory/types.ts';
import { TreePair } from './trees.ts';

/** A client of the cluster that keeps the two trees: ours, or the peer. */
export interface Client {
  /** Begins to follow the cluster, and asks the trees for a turn with every change. */
  start(trees: TreePair): Promise<void>;
  readonly snapshot: () => InventorySnapshot | undefined;
  readonly size: { readonly nodes: number; readonly pods: number };
  /** Each kind has been listed once. */
  readonly complete: boolean;
  hide(): void;
}

const megabyte = 1e6;

/** Runs a client under the bench's orders: the same watch over time, event loop and memory for each. */
export async function serveBench(client: Client): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const ticks = new Ticks();
  collectGarbage();
  const baseline = process.memoryUsage.rss();
  let mark = usageNow();
  let startedAt = Number.NaN;
  let complete = false;
  /** Each tree has one after the last list was there. */
  let turnsOfWhole = 0;
  let expected: string | undefined;

  const shown = (): void => {
    if (client.complete) turnsOfWhole += 1;
    if (!complete && turnsOfWhole >= 2 && trees.rows > 0) {
      complete = true;
      tell({ told: 'tree', ms: performance.now() - startedAt, ...client.size, rows: trees.rows });
    }
    if (expected !== undefined && trees.holds(expected)) {
      const text = expected;
      expected = undefined;
      tell({ told: 'seen', text, at: wallNow() });
    }
  };
  const trees = new TreePair(client.snapshot, shown);
  process.on('message', (order: Order) => {
    switch (order.do) {
      case 'start':
        startedAt = performance.now();
        delay.enable();
        ticks.start();
        void client.start(trees);
        break;
      case 'expect':
        expected = order.text;
        break;
      case 'mark':
        delay.disable();
        delay.reset();
        ticks.stop();
        if (order.meters) {
          delay.enable();
          ticks.start();
        }
        trees.resetCounts();
        mark = usageNow();
        break;
      case 'report': {
        const now = usageNow();
        tell({
          told: 'used',
          cpuMs: now.cpuMs - mark.cpuMs,
          wallMs: now.wallMs - mark.wallMs,
          blockMs: Math.max(delay.max / 1e6, ticks.longest),
          ownBlockMs: ticks.longestOwn,
          items: trees.refreshed,
          peakMegabytes: (process.resourceUsage().maxRSS * 1024 - baseline) / megabyte,
        });
        break;
      }
      case 'hide':
        client.hide();
        tell({ told: 'hidden' });
        break;
      case 'end':
        process.exit(0);
    }
  });
  process.on('disconnect', () => process.exit(1));
  tell({ told: 'ready', baselineMegabytes: baseline / megabyte });
  await new Promise(() => {});
}

/** A second look at the event loop: a timer of 1 ms that tells how late it came, and how long this thread computed meanwhile. */
class Ticks {
  longest = 0;
  /** A busy machine makes a timer late too; what this thread itself computed does not depend on it. */
  longestOwn = 0;
  #last = 0;
  #lastOwn = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.stop();
    this.longest = 0;
    this.longestOwn = 0;
    this.#last = performance.now();
    this.#lastOwn = ownCpuMs();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const own = ownCpuMs();
      this.longest = Math.max(this.longest, now - this.#last - 1);
      this.longestOwn = Math.max(this.longestOwn, own - this.#lastOwn);
      this.#last = now;
      this.#lastOwn = own;
    }, 1);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function ownCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e3;
}

function tell(answer: Answer): void {
  process.send?.(answer);
}

function usageNow(): { readonly cpuMs: number; readonly wallMs: number } {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1e3, wallMs: performance.now() };
}

/** The baseline is what the process needs before it connects, not what its start left lying about. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  setFlagsFromString('--no-expose-gc');
}
