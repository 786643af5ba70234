import * as vscode from 'vscode';
import { changedRows, type Row } from './row.ts';

/** What VS Code holds of a row: one object an id for as long as the row lives, so that selection and expansion survive. */
export interface RowElement {
  readonly id: string;
  row: Row;
}

/** Shows rows; told of new ones, it refreshes only the elements that differ. */
export class RowTree implements vscode.TreeDataProvider<RowElement>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<RowElement[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  #rows: readonly Row[] = [];
  #elements = new Map<string, RowElement>();
  #parents = new Map<string, string>();

  get rows(): readonly Row[] {
    return this.#rows;
  }

  show(rows: readonly Row[]): void {
    const changed = changedRows(this.#rows, rows);
    this.#rows = rows;
    this.#index(rows);
    if (changed === 'root') this.#changed.fire(undefined);
    else if (changed.length > 0) this.#changed.fire(changed.map((id) => this.#elements.get(id)).filter((element) => element !== undefined));
  }

  find(id: string): RowElement | undefined {
    return this.#elements.get(id);
  }

  getTreeItem(element: RowElement): vscode.TreeItem {
    return treeItem(element);
  }

  getChildren(element?: RowElement): RowElement[] {
    const rows = element ? (element.row.children ?? []) : this.#rows;
    return rows.map((row) => this.#elements.get(row.id)).filter((child) => child !== undefined);
  }

  getParent(element: RowElement): RowElement | undefined {
    const parent = this.#parents.get(element.id);
    return parent === undefined ? undefined : this.#elements.get(parent);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #index(rows: readonly Row[]): void {
    const elements = new Map<string, RowElement>();
    const parents = new Map<string, string>();
    const visit = (row: Row): void => {
      const element = this.#elements.get(row.id) ?? { id: row.id, row };
      element.row = row;
      elements.set(row.id, element);
      for (const child of row.children ?? []) {
        parents.set(child.id, row.id);
        visit(child);
      }
    };
    rows.forEach(visit);
    this.#elements = elements;
    this.#parents = parents;
  }
}

function treeItem(element: RowElement): vscode.TreeItem {
  const { row } = element;
  const item = new vscode.TreeItem(row.label, collapsibleState(row));
  item.id = row.id;
  if (row.description !== undefined) item.description = row.description;
  if (row.tooltip !== undefined) item.tooltip = new vscode.MarkdownString(row.tooltip, true);
  if (row.icon) item.iconPath = new vscode.ThemeIcon(row.icon.id, row.icon.color === undefined ? undefined : new vscode.ThemeColor(row.icon.color));
  if (row.context !== undefined) item.contextValue = row.context;
  if (row.opens !== undefined) item.command = { command: row.opens, title: row.label, arguments: [element] };
  item.accessibilityInformation = { label: row.spoken ?? [row.label, row.description].filter((part) => part !== undefined).join(', ') };
  return item;
}

function collapsibleState(row: Row): vscode.TreeItemCollapsibleState {
  if (row.expand === undefined) return vscode.TreeItemCollapsibleState.None;
  return row.expand === 'expanded' ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}
