import * as vscode from 'vscode';
import type { Disposable } from '../base/disposables.ts';
import { fitLine } from '../base/fit-text.ts';
import { loadPart } from '../base/parts.ts';
import type { PlannedObject } from '../deployment/types.ts';
import { ReadOnlyDocuments } from './read-only-documents.ts';

/** Shows planned objects in VS Code's diff editor: as they are, beside as they would be. */
export class PlanDocuments implements Disposable {
  readonly #documents = new ReadOnlyDocuments('llmd-plan');

  async showDiff(planned: PlannedObject): Promise<void> {
    const { readableYaml } = await loadPart(() => import('./plan-yaml.ts'));
    const name = `${planned.object.kind}-${planned.object.metadata.name}.yaml`;
    const before = this.#documents.put(`live/${name}`, planned.live ? readableYaml(planned.live) : '');
    const after = this.#documents.put(`planned/${name}`, readableYaml(planned.dryRun ?? planned.object));
    const title = fitLine(`${planned.object.kind} ${planned.object.metadata.name}: in the cluster ↔ planned`);
    await vscode.commands.executeCommand('vscode.diff', before, after, title, {
      preview: true,
      preserveFocus: true,
    } satisfies vscode.TextDocumentShowOptions);
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
