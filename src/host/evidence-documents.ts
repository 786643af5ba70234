import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposables.ts';
import type { Evidence } from '../inventory/loading/types.ts';
import { evidenceText } from '../inventory/loading/evidence-text.ts';

const SCHEME = 'llmd-evidence';

/** Shows the evidence of crashes as read-only documents. */
export class EvidenceDocuments implements vscode.TextDocumentContentProvider, Disposable {
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

  /** The first cause stands on top, whatever was shown of the document before. */
  async show(pod: string, evidence: Evidence): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${evidence.namespace}/${pod} crash.log` });
    this.#texts.set(uri.toString(), evidenceText(evidence));
    this.#changed.fire(uri);
    const top = new vscode.Range(0, 0, 0, 0);
    await vscode.window.showTextDocument(uri, { preview: true, selection: top });
  }

  dispose(): void {
    this.#texts.clear();
    this.#owned.dispose();
  }
}
