import * as vscode from 'vscode';
import type { Disposable } from '../../base/disposables.ts';
import { fitLine, fitText } from '../../base/fit-text.ts';
import type { CommandId } from '../commands/table.ts';

// VS Code draws `$(flame)` in these texts as an icon, so this is the only way to them (test/unit/house/doors.test.ts).

/** Longer texts push the other items out of the bar. */
const TEXT_LENGTH = 120;

export interface StatusText {
  /** Name of a product icon, with `~spin` where it turns. */
  readonly icon: string;
  readonly text: string;
  readonly tooltip: string;
  /** What a screen reader says instead of the text. */
  readonly spoken?: string;
  readonly tint?: 'warning' | 'error';
}

/** A word in passing, gone after so many milliseconds. */
export function statusMessage(icon: string, text: string, milliseconds: number): void {
  vscode.window.setStatusBarMessage(`$(${icon}) ${fitLine(text)}`, milliseconds);
}

/** An item at the left of the status bar; a click runs its command. */
export class StatusItem implements Disposable {
  readonly #item: vscode.StatusBarItem;

  constructor(options: {
    readonly id: string;
    readonly name: string;
    readonly command: CommandId;
    readonly priority: number;
  }) {
    this.#item = vscode.window.createStatusBarItem(options.id, vscode.StatusBarAlignment.Left, options.priority);
    this.#item.name = options.name;
    this.#item.command = options.command;
  }

  show({ icon, text, tooltip, spoken, tint }: StatusText): void {
    this.#item.text = `$(${icon}) ${fitLine(text, TEXT_LENGTH)}`;
    this.#item.tooltip = fitText(tooltip);
    this.#item.accessibilityInformation = spoken === undefined ? undefined : { label: fitLine(spoken) };
    this.#item.backgroundColor =
      tint === undefined ? undefined : new vscode.ThemeColor(`statusBarItem.${tint}Background`);
    this.#item.show();
  }

  hide(): void {
    this.#item.hide();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
