import { join } from 'node:path';
import * as vscode from 'vscode';
import type { KeyValueStore } from '../base/store.ts';
import type { ComposeOptions } from '../compose.ts';
import { FolderOwner } from './folder-owner.ts';
import { channelLogger } from './output.ts';
import { featureSettings } from './settings.ts';
import { windowTrust } from './trust.ts';

/** What the features get from VS Code: folder, storage, settings and the log. */
export function environmentOf(context: vscode.ExtensionContext, output: vscode.LogOutputChannel): ComposeOptions {
  const root = context.extensionPath;
  const folderOwner = folderOwnerOf(context);
  return {
    workspace: vscode.workspace.workspaceFolders?.find((folder) => folder.uri.scheme === 'file')?.uri.fsPath,
    trust: windowTrust,
    assets: { root, dist: join(root, 'dist'), manifests: join(root, 'manifests'), media: join(root, 'media') },
    store: mementoStore(context.workspaceState),
    storage: context.globalStorageUri.fsPath,
    settings: () => {
      const owner = folderOwner.counting;
      return { ...featureSettings(), ...(owner === undefined ? {} : { owner }) };
    },
    env: process.env,
    logger: channelLogger(output),
  };
}

export function folderOwnerOf(context: vscode.ExtensionContext): FolderOwner {
  return new FolderOwner(mementoStore(context.workspaceState), () =>
    vscode.workspace.getConfiguration('llmd').inspect('owner'),
  );
}

export function createOutput(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('llm-d', { log: true });
}

function mementoStore(memento: vscode.Memento): KeyValueStore {
  return {
    get: (key) => memento.get<unknown>(key),
    async set(key, value) {
      await memento.update(key, value);
    },
  };
}
