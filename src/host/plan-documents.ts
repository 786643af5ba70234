import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposables.ts';
import type { PlannedObject } from '../deployment/types.ts';
import { readableYaml } from './plan-yaml.ts';

const SCHEME = 'llmd-plan';

/** Shows planned objects in VS Code's diff editor: as they are, beside as they would be. */
export class PlanDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #owned = new DisposableStore();
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#owned.add(this.#changed);
    this.#owned.add(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
    this.#owned.add(vscode.workspace.onDidCloseTextDocument((document) => document.uri.scheme === SCHEME && this.#texts.delete(document.uri.toString())));
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  async showDiff(planned: PlannedObject): Promise<void> {
    const name = `${planned.object.kind}-${planned.object.metadata.name}.yaml`;
    const before = this.#put(`live/${name}`, planned.live ? readableYaml(planned.live) : '');
    const after = this.#put(`planned/${name}`, readableYaml(planned.dryRun ?? planned.object));
    const title = `${planned.object.kind} ${planned.object.metadata.name}: in the cluster ↔ planned`;
    await vscode.commands.executeCommand('vscode.diff', before, after, title, { preview: true, preserveFocus: true } satisfies vscode.TextDocumentShowOptions);
  }

  dispose(): void {
    this.#texts.clear();
    this.#owned.dispose();
  }

  #put(path: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${path}` });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    return uri;
  }
}
