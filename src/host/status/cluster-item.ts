import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { describeNeeds } from '../../kube/access.ts';
import type { AccessNeed } from '../../kube/types.ts';
import type { AccessKeys } from '../access-keys.ts';
import { isProduction } from '../production.ts';
import { placeOf, type Connection, type Session } from '../session.ts';
import { hostSettings } from '../settings.ts';

/** Where am I? Context and namespace, always in sight; a click chooses others. */
export function clusterStatusItem(session: Session, access: Pick<AccessKeys, 'missing' | 'onDidChange'>): Disposable {
  const owned = new DisposableStore();
  const item = owned.add(vscode.window.createStatusBarItem('llmd.place', vscode.StatusBarAlignment.Left, 50));
  item.name = 'llm-d Cluster';
  item.command = 'llmd.selectContext';
  const show = (connection: Connection): void => {
    const { text, tooltip, tint } = describeConnection(connection, hostSettings().productionContexts);
    item.text = text;
    item.tooltip = `${tooltip}${refusals(access.missing)}`;
    item.backgroundColor = tint === undefined ? undefined : new vscode.ThemeColor(`statusBarItem.${tint}Background`);
    item.show();
  };
  show(session.connection);
  owned.add(session.onDidChange(show));
  owned.add(access.onDidChange(() => show(session.connection)));
  owned.add(vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('llmd.productionContexts') && show(session.connection)));
  return owned;
}

interface Description {
  readonly text: string;
  readonly tooltip: string;
  readonly tint?: 'warning' | 'error';
}

/** What one may not do there, as far as a command needs it. */
function refusals(missing: readonly AccessNeed[]): string {
  return missing.length === 0 ? '' : `\n\nYou may not:\n${describeNeeds(missing).join('\n')}`;
}

function describeConnection(connection: Connection, productionContexts: readonly string[]): Description {
  switch (connection.kind) {
    case 'loading':
      return { text: '$(server-environment) llm-d', tooltip: 'Reading the kubeconfig' };
    case 'none':
      return { text: '$(server-environment) no cluster', tooltip: 'llm-d: no kubeconfig was found. Click to choose a context.' };
    case 'failed':
      return { text: '$(server-environment) not connected', tooltip: `${connection.error.message}\n${connection.error.hint ?? ''}`, tint: 'warning' };
    case 'ready': {
      const { cluster } = connection;
      const production = isProduction(cluster.context, productionContexts);
      return {
        text: `$(${production ? 'flame' : 'server-environment'}) ${placeOf(cluster)}`,
        tooltip: `llm-d works in\nContext: ${cluster.context}${production ? ' (marked as production)' : ''}\nNamespace: ${cluster.namespace}\nServer: ${cluster.server}\n\nKept for this folder; your kubeconfig is not changed. Click to choose another.`,
        ...(production ? { tint: 'error' as const } : {}),
      };
    }
  }
}
