import * as vscode from 'vscode';
import type { Disposable } from '../base/disposables.ts';
import { loadPart } from '../base/parts.ts';
import type { Evidence } from '../inventory/loading/types.ts';
import { ReadOnlyDocuments } from './read-only-documents.ts';

/** Shows the evidence of crashes as read-only documents. */
export class EvidenceDocuments implements Disposable {
  readonly #documents = new ReadOnlyDocuments('llmd-evidence');

  /** The first cause stands on top, whatever was shown of the document before. */
  async show(pod: string, evidence: Evidence): Promise<void> {
    const { evidenceText } = await loadPart(() => import('../inventory/loading/evidence-text.ts'));
    const uri = this.#documents.put(`${evidence.namespace}/${pod} crash.log`, evidenceText(evidence));
    await vscode.window.showTextDocument(uri, { preview: true, selection: new vscode.Range(0, 0, 0, 0) });
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
