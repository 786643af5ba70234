import * as vscode from 'vscode';
import type { Trust } from '../base/trust.ts';

/** VS Code's own word on the folders of this window. */
export const windowTrust: Trust = {
  get granted() {
    return vscode.workspace.isTrusted;
  },
  onDidGrant: (listener) => vscode.workspace.onDidGrantWorkspaceTrust(listener),
};
