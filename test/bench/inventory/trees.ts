import { gpuReport } from '../../../src/inventory/gpus.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import type { InventorySnapshot } from '../../../src/inventory/types.ts';
import { clusterRows } from '../../../src/host/trees/cluster-rows.ts';
import { modelServerRows } from '../../../src/host/trees/model-server-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import { RowIndex, TREE_PACE, type RowElement } from '../../../src/host/trees/row-index.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { SerialQueue } from '../../../src/base/serial-queue.ts';
import { Throttle } from '../../../src/base/throttle.ts';

const ME = 'bench';
/** Of the folded top rows a person has opened so many at the beginning and at the end of each tree. */
const OPENED = { first: 2, last: 3 };

type Timed = <T>(work: () => T) => T;

/** One tree without VS Code: its report, its rows, and what a view asks for of them, in turns of its own as a tree view has. */
class BenchTree {
  readonly index = new RowIndex();
  readonly #throttle: Throttle;
  refreshed = 0;

  constructor(rows: (timed: Timed) => Promise<readonly Row[] | undefined>, shown: () => void) {
    this.#throttle = new Throttle(systemClock, TREE_PACE, async () => {
      let computedMs = 0;
      const timed: Timed = (work) => {
        const started = performance.now();
        const value = work();
        computedMs += performance.now() - started;
        return value;
      };
      const made = await rows(timed);
      if (made) timed(() => this.#take(made));
      shown();
      return computedMs;
    });
  }

  ask(): void {
    this.#throttle.ask();
  }

  #take(rows: readonly Row[]): void {
    const changed = this.index.show(rows);
    if (changed === 'root') fetch(this.index, undefined);
    else for (const element of changed) fetch(this.index, element);
    this.refreshed += changed === 'root' ? this.index.size : changed.length;
  }
}

/** The Cluster and the Model Servers tree of what is the newest snapshot when their turn comes. */
export class TreePair {
  readonly #trees: readonly BenchTree[];

  constructor(snapshot: () => InventorySnapshot | undefined, shown: () => void) {
    const queue = new SerialQueue();
    const of =
      <Report>(
        count: (snapshot: InventorySnapshot) => Report,
        rows: (snapshot: InventorySnapshot, report: Report) => readonly Row[],
      ) =>
      async (timed: Timed): Promise<readonly Row[] | undefined> => {
        const newest = snapshot();
        if (newest === undefined) return undefined;
        const report = await queue.do(() => timed(() => count(newest)));
        return queue.do(() => timed(() => rows(newest, report)));
      };
    this.#trees = [
      new BenchTree(
        of(gpuReport, (newest, report) => clusterRows(report, newest, ME)),
        shown,
      ),
      new BenchTree(
        of(
          (newest) => podsReport(newest, ME),
          (_newest, report) => modelServerRows(report),
        ),
        shown,
      ),
    ];
  }

  /** Something changed. */
  ask(): void {
    for (const tree of this.#trees) tree.ask();
  }

  /** Rows that the views hold; 0 while one of them holds none. */
  get rows(): number {
    const sizes = this.#trees.map(({ index }) => index.size);
    return sizes.includes(0) ? 0 : sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Elements that were asked for again. */
  get refreshed(): number {
    return this.#trees.reduce((sum, { refreshed }) => sum + refreshed, 0);
  }

  resetCounts(): void {
    for (const tree of this.#trees) tree.refreshed = 0;
  }

  /** Whether an element as VS Code would get it now holds the text. */
  holds(text: string): boolean {
    return this.#trees.some(({ index }) =>
      index.elements().some(({ row }) => row.description?.includes(text) === true),
    );
  }
}

/** Asks for what VS Code asks for: the children of what is open, down to the last open one. */
function fetch(index: RowIndex, element: RowElement | undefined): void {
  if (element && !isOpen(index, element)) return;
  for (const child of index.children(element)) fetch(index, child);
}

function isOpen(index: RowIndex, { row }: RowElement): boolean {
  if (row.expand === 'expanded') return true;
  const place = index.rows.findIndex(({ id }) => id === row.id);
  return row.expand !== undefined && place >= 0 && (place < OPENED.first || place >= index.rows.length - OPENED.last);
}
