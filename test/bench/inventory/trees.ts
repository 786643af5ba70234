import { gpuReport } from '../../../src/inventory/gpus.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import type { InventorySnapshot } from '../../../src/inventory/types.ts';
import { clusterRows } from '../../../src/host/trees/cluster-rows.ts';
import { modelServerRows } from '../../../src/host/trees/model-server-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import { RowIndex, type RowElement } from '../../../src/host/trees/row-index.ts';

const ME = 'bench';
/** Of the folded top rows a person has opened so many at the beginning and at the end of each tree. */
const OPENED = { first: 2, last: 3 };

/** The Cluster and the Model Servers tree without VS Code: reports, rows, and what a view asks for of them. */
export class TreePair {
  readonly #cluster = new RowIndex();
  readonly #modelServers = new RowIndex();
  refreshed = 0;
  refreshes = 0;

  show(snapshot: InventorySnapshot): void {
    this.#take(this.#cluster, clusterRows(gpuReport(snapshot), snapshot, ME));
    this.#take(this.#modelServers, modelServerRows(podsReport(snapshot, ME)));
  }

  /** Rows that the view holds. */
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
    if (changed === 'root') fetch(index, undefined);
    else for (const element of changed) fetch(index, element);
    this.refreshed += changed === 'root' ? index.size : changed.length;
    if (changed === 'root' || changed.length > 0) this.refreshes += 1;
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
