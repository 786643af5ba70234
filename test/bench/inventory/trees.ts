import { gpuReport } from '../../../src/inventory/gpus.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import type { InventorySnapshot } from '../../../src/inventory/types.ts';
import { clusterRows } from '../../../src/host/trees/cluster-rows.ts';
import { modelServerRows } from '../../../src/host/trees/model-server-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import { RowIndex, type RowElement } from '../../../src/host/trees/row-index.ts';

const ME = 'bench';

/** The Cluster and the Model Servers tree without VS Code: reports, rows and what of them has to be refreshed. */
export class TreePair {
  readonly #cluster = new RowIndex();
  readonly #modelServers = new RowIndex();
  refreshed = 0;
  refreshes = 0;

  show(snapshot: InventorySnapshot): void {
    this.#take(this.#cluster, clusterRows(gpuReport(snapshot), snapshot, ME));
    this.#take(this.#modelServers, modelServerRows(podsReport(snapshot, ME)));
  }

  get rows(): number {
    return this.#cluster.size + this.#modelServers.size;
  }

  resetCounts(): void {
    this.refreshed = 0;
    this.refreshes = 0;
  }

  /** Whether an element as VS Code would get it now holds the text. */
  holds(text: string): boolean {
    return [this.#cluster, this.#modelServers].some((index) => index.elements().some(({ row }) => row.description?.includes(text) === true));
  }

  #take(index: RowIndex, rows: readonly Row[]): void {
    const changed = index.show(rows);
    if (changed === 'root') open(index, undefined);
    else for (const element of changed) open(index, element);
    this.refreshed += changed === 'root' ? index.size : changed.length;
    if (changed === 'root' || changed.length > 0) this.refreshes += 1;
  }
}

/** Asks for what VS Code asks for when every group is open: the most that a tree can cost. */
function open(index: RowIndex, element: RowElement | undefined): void {
  for (const child of index.children(element)) open(index, child);
}
