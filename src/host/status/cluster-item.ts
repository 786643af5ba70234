import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { describeNeeds } from '../../kube/access/access.ts';
import type { AccessNeed } from '../../kube/access/types.ts';
import type { AccessKeys } from '../access-keys.ts';
import { isProduction } from '../production.ts';
import { placeOf } from '../../kube/place.ts';
import type { Connection, Session } from '../session.ts';
import { hostSettings } from '../settings.ts';
import { StatusItem, type StatusText } from './status-bar.ts';

/** Where am I? Context and namespace, always in sight; a click chooses others. */
export function clusterStatusItem(session: Session, access: Pick<AccessKeys, 'missing' | 'onDidChange'>): Disposable {
  const owned = new DisposableStore();
  const item = owned.add(
    new StatusItem({ id: 'llmd.place', name: 'llm-d Cluster', command: 'llmd.selectContext', priority: 50 }),
  );
  const show = (connection: Connection): void => {
    const described = describeConnection(connection, hostSettings().productionContexts);
    item.show({ ...described, tooltip: `${described.tooltip}${refusals(access.missing)}` });
  };
  show(session.connection);
  owned.add(session.onDidChange(show));
  owned.add(access.onDidChange(() => show(session.connection)));
  owned.add(
    vscode.workspace.onDidChangeConfiguration(
      (event) => event.affectsConfiguration('llmd.productionContexts') && show(session.connection),
    ),
  );
  return owned;
}

/** What one may not do there, as far as a command needs it. */
function refusals(missing: readonly AccessNeed[]): string {
  return missing.length === 0 ? '' : `\n\nYou may not:\n${describeNeeds(missing).join('\n')}`;
}

function describeConnection(connection: Connection, productionContexts: readonly string[]): StatusText {
  switch (connection.kind) {
    case 'loading':
      return { icon: 'server-environment', text: 'llm-d', tooltip: 'Reading the kubeconfig' };
    case 'none':
      return {
        icon: 'server-environment',
        text: 'no cluster',
        tooltip: 'llm-d: no kubeconfig was found. Click to choose a context.',
      };
    case 'failed':
      return {
        icon: 'server-environment',
        text: 'not connected',
        tooltip: `${connection.error.message}\n${connection.error.hint ?? ''}`,
        tint: 'warning',
      };
    case 'ready': {
      const { cluster } = connection;
      const production = isProduction(cluster.context, productionContexts);
      return {
        icon: production ? 'flame' : 'server-environment',
        text: placeOf(cluster),
        tooltip: `llm-d works in\nContext: ${cluster.context}${production ? ' (marked as production)' : ''}\nNamespace: ${cluster.namespace}\nServer: ${cluster.server}\n\nKept for this folder; your kubeconfig is not changed. Click to choose another.`,
        ...(production ? { tint: 'error' as const } : {}),
      };
    }
  }
}
