import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import type { Connection, Session } from '../session.ts';
import { placeOf } from '../session.ts';

/** Where am I? Context and namespace, always in sight; a click chooses others. */
export function clusterStatusItem(session: Session): Disposable {
  const owned = new DisposableStore();
  const item = owned.add(vscode.window.createStatusBarItem('llmd.place', vscode.StatusBarAlignment.Left, 50));
  item.name = 'llm-d Cluster';
  item.command = 'llmd.selectContext';
  const show = (connection: Connection): void => {
    const { text, tooltip, warn } = describeConnection(connection);
    item.text = text;
    item.tooltip = tooltip;
    item.backgroundColor = warn ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.show();
  };
  show(session.connection);
  owned.add(session.onDidChange(show));
  return owned;
}

function describeConnection(connection: Connection): { readonly text: string; readonly tooltip: string; readonly warn: boolean } {
  switch (connection.kind) {
    case 'loading':
      return { text: '$(server-environment) llm-d', tooltip: 'Reading the kubeconfig', warn: false };
    case 'none':
      return { text: '$(server-environment) no cluster', tooltip: 'llm-d: no kubeconfig was found. Click to choose a context.', warn: false };
    case 'failed':
      return { text: '$(server-environment) not connected', tooltip: `${connection.error.message}\n${connection.error.hint ?? ''}`, warn: true };
    case 'ready': {
      const { cluster } = connection;
      return {
        text: `$(server-environment) ${placeOf(cluster)}`,
        tooltip: `llm-d works in\nContext: ${cluster.context}\nNamespace: ${cluster.namespace}\nServer: ${cluster.server}\n\nKept for this folder; your kubeconfig is not changed. Click to choose another.`,
        warn: false,
      };
    }
  }
}
