import type * as vscode from 'vscode';
import { disposable, DisposableStore, type Disposable } from '../../base/disposables.ts';
import { whileVisible } from '../../base/latest.ts';
import type { Workbench } from '../../compose.ts';
import { labelUses } from '../../inventory/node-table/rows.ts';
import type { NodeRow } from '../../inventory/node-table/types.ts';
import {
  FROM_NODE_TABLE,
  NODE_TABLE_LAYOUT,
  type FromNodeTable,
  type NodeTableLayout,
  type NodeTablePicture,
  type ToNodeTable,
} from '../../protocol/node-table.ts';
import { run } from '../commands/run.ts';
import type { Memory } from '../memory.ts';
import type { Session } from '../session.ts';
import { askColumns } from './node-table-columns.ts';
import { changedRows, knownLayout, nodeTablePicture } from './node-table-picture.ts';
import { copyText } from './copy-text.ts';
import { saveFile } from './save-file.ts';
import { WebPanel } from './web-panel.ts';

export interface NodeTablePanelOptions {
  readonly workbench: Workbench;
  readonly session: Session;
  readonly memory: Memory;
  readonly dist: vscode.Uri;
  readonly panel: vscode.WebviewPanel;
  readonly onError: (error: unknown) => void;
}

/** Changes within this time are shown together. */
const COALESCE_MS = 120;

const LAYOUT = 'nodeTable';

/** The nodes of the chosen cluster as a table. Follows the inventory while it can be seen, and only then. */
export class NodeTablePanel implements Disposable {
  readonly #options: NodeTablePanelOptions;
  readonly #web: WebPanel<ToNodeTable, FromNodeTable>;
  readonly #owned = new DisposableStore();
  #layout: NodeTableLayout;
  #picture: NodeTablePicture;
  /** The rows that the page shows. */
  #rows: ReadonlyMap<string, NodeRow> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NodeTablePanelOptions) {
    const { memory, session, panel, dist, onError } = options;
    this.#options = options;
    this.#layout = knownLayout(memory.recallAs(LAYOUT, NODE_TABLE_LAYOUT));
    this.#picture = this.#look();
    this.#web = this.#owned.add(
      new WebPanel<ToNodeTable, FromNodeTable>({
        panel,
        dist,
        bundle: 'node-table',
        incoming: FROM_NODE_TABLE,
        receive: (message) => this.#receive(message),
        onError,
      }),
    );
    this.#show({ type: 'picture', picture: this.#picture });
    this.#owned.add(session.onDidChange(() => this.#update()));
    this.#owned.add(whileVisible(panel, () => this.#follow()));
  }

  get whenReady(): Promise<void> {
    return this.#web.whenReady;
  }

  /** What is shown now. */
  get picture(): NodeTablePicture {
    return this.#picture;
  }

  reveal(): void {
    this.#web.panel.reveal();
  }

  onDidDispose(listener: () => void): void {
    this.#web.onDidDispose(() => {
      this.#owned.dispose();
      listener();
    });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #follow(): Disposable {
    const { inventory } = this.#options.workbench;
    const following = new DisposableStore();
    following.add(inventory.onDidChange(() => this.#later()));
    following.add(inventory.lease());
    following.add(
      disposable(() => {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }),
    );
    this.#update();
    return following;
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, COALESCE_MS);
  }

  #look(): NodeTablePicture {
    const { session, workbench } = this.#options;
    return nodeTablePicture(session.connection, workbench.inventory.snapshot, this.#layout);
  }

  /** Tells the page what differs from what it shows; all of it where that is another kind of picture or another cluster's. */
  #update(): void {
    const before = this.#picture;
    const picture = this.#look();
    this.#picture = picture;
    if (picture.kind !== 'table' || before.kind !== 'table' || before.head.place !== picture.head.place) {
      this.#show({ type: 'picture', picture });
      return;
    }
    const { rows, gone } = changedRows(this.#rows, picture.rows);
    if (rows.length === 0 && gone.length === 0 && JSON.stringify(before.head) === JSON.stringify(picture.head)) return;
    this.#show({ type: 'changed', head: picture.head, rows, gone });
  }

  #show(message: ToNodeTable): void {
    this.#rows = new Map(this.#picture.kind === 'table' ? this.#picture.rows.map((row) => [row.name, row]) : []);
    this.#web.update(message, () => ({ type: 'open', layout: this.#layout, picture: this.#picture }));
  }

  async #receive(message: FromNodeTable): Promise<void> {
    switch (message.type) {
      case 'ready':
        return;
      case 'layout':
        await this.#keep(message.layout);
        return;
      case 'columns':
        await this.#chooseColumns();
        return;
      case 'help':
        await run(message.command);
        return;
      case 'copy':
        await copyText(message);
        return;
      case 'save':
        await saveFile(this.#options.workbench.workspace, 'nodes.csv', Buffer.from(message.text, 'utf8'));
    }
  }

  async #keep(layout: NodeTableLayout): Promise<void> {
    this.#layout = knownLayout(layout);
    await this.#options.memory.keepAs(LAYOUT, this.#layout);
  }

  async #chooseColumns(): Promise<void> {
    const { snapshot } = this.#options.workbench.inventory;
    if (!snapshot) return;
    const columns = await askColumns(this.#layout.columns, labelUses(snapshot), snapshot.nodes.size);
    if (!columns) return;
    await this.#keep({ ...this.#layout, columns });
    this.#picture = this.#look();
    this.#show({ type: 'open', layout: this.#layout, picture: this.#picture });
  }
}
