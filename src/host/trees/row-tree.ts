import * as vscode from 'vscode';
import { fitText } from '../../base/fit-text.ts';
import { RowIndex, type RowElement } from './row-index.ts';
import { fitRow, type Row } from './row.ts';

export type { RowElement } from './row-index.ts';

/** Shows rows; told of new ones, it refreshes only the elements that differ. */
export class RowTree implements vscode.TreeDataProvider<RowElement>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<RowElement[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #index = new RowIndex();

  get rows(): readonly Row[] {
    return this.#index.rows;
  }

  show(rows: readonly Row[]): void {
    const changed = this.#index.show(rows);
    if (changed === 'root') this.#changed.fire(undefined);
    else if (changed.length > 0) this.#changed.fire([...changed]);
  }

  getTreeItem(element: RowElement): vscode.TreeItem {
    return treeItem(element);
  }

  /** VS Code asks for a tooltip when a person points at the row, and again after the row was refreshed. */
  resolveTreeItem(item: vscode.TreeItem, element: RowElement): vscode.TreeItem {
    const tooltip = this.#index.tooltip(element);
    if (tooltip !== undefined) item.tooltip = new vscode.MarkdownString(fitText(tooltip));
    return item;
  }

  getChildren(element?: RowElement): RowElement[] {
    return [...this.#index.children(element)];
  }

  getParent(element: RowElement): RowElement | undefined {
    return this.#index.parent(element);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

function treeItem(element: RowElement): vscode.TreeItem {
  const { row } = element;
  const { label, description, spoken } = fitRow(row);
  const item = new vscode.TreeItem(label, collapsibleState(row));
  item.id = row.id;
  if (description !== undefined) item.description = description;
  if (row.icon)
    item.iconPath = new vscode.ThemeIcon(
      row.icon.id,
      row.icon.color === undefined ? undefined : new vscode.ThemeColor(row.icon.color),
    );
  if (row.context !== undefined) item.contextValue = row.context;
  if (row.opens !== undefined) item.command = { command: row.opens, title: label, arguments: [element] };
  item.accessibilityInformation = { label: spoken };
  return item;
}

function collapsibleState(row: Row): vscode.TreeItemCollapsibleState {
  if (row.expand === undefined) return vscode.TreeItemCollapsibleState.None;
  return row.expand === 'expanded'
    ? vscode.TreeItemCollapsibleState.Expanded
    : vscode.TreeItemCollapsibleState.Collapsed;
}
