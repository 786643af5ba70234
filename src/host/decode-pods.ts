import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposables.ts';
import type { DecodePodsFile } from '../inventory/decode-pods/types.ts';
import { plural } from '../protocol/format.ts';
import type { ErrorReporter } from './errors.ts';
import { placeOf } from '../kube/place.ts';
import { statusMessage } from './status/status-bar.ts';

/** Keeps `.tmp/decode_pods.txt` current in a trusted folder that has it. */
export function keepDecodePods(file: DecodePodsFile, workspace: string | undefined, errors: ErrorReporter): Disposable {
  const owned = new DisposableStore();
  if (workspace === undefined) return owned;
  const follow = (): void => void file.follow();
  const watcher = owned.add(
    vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(workspace), '.tmp/decode_pods.txt'),
      false,
      true,
      true,
    ),
  );
  owned.add(watcher.onDidCreate(follow));
  owned.add(file.onDidFail((error) => void errors.show(error, 'keep .tmp/decode_pods.txt current')));
  // A pod that came or went shows in the tree; that the file now names another place's pods shows nowhere else.
  owned.add(
    file.onDidWrite(
      ({ elsewhere, pods, cluster }) =>
        elsewhere &&
        statusMessage(
          'check',
          `.tmp/decode_pods.txt names ${plural(pods, 'decode pod')} of ${placeOf(cluster)} now`,
          8000,
        ),
    ),
  );
  follow();
  return owned;
}
