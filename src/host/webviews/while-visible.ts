import type * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';

/** Holds what `follow` begins for as long as the panel can be seen, each time anew. */
export function whileVisible(panel: vscode.WebviewPanel, follow: () => Disposable): Disposable {
  const owned = new DisposableStore();
  let following: Disposable | undefined;
  const look = (): void => {
    if (panel.visible) following ??= follow();
    else {
      following?.dispose();
      following = undefined;
    }
  };
  owned.add(panel.onDidChangeViewState(look));
  owned.add({ dispose: () => following?.dispose() });
  look();
  return owned;
}
