import * as vscode from 'vscode';
import { fitLine, fitText } from '../base/fit-text.ts';
import type { Progress } from '../base/logger.ts';

// VS Code makes links of `[label](command:id)` in these texts, so this is the only way to them (test/unit/house/doors.test.ts).

/** A question that must be answered with yes before a command changes or deletes something. */
export interface Confirmation {
  readonly message: string;
  /** The objects, the context and the namespace. */
  readonly detail: string;
  /** The verb on the button. */
  readonly action: string;
}

/** Resolves to the button that was chosen. */
export function showError(message: string, ...buttons: readonly string[]): Thenable<string | undefined> {
  return vscode.window.showErrorMessage(fitLine(message), ...buttons);
}

/** Resolves to the button that was chosen. */
export function showInformation(message: string, ...buttons: readonly string[]): Thenable<string | undefined> {
  return vscode.window.showInformationMessage(fitLine(message), ...buttons);
}

/** A question that can wait. Resolves to the button that was chosen. */
export function showWarning(message: string, ...buttons: readonly string[]): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(fitLine(message), ...buttons);
}

/** Asks in front of everything else; false when the person goes away. */
export async function confirmed({ message, detail, action }: Confirmation): Promise<boolean> {
  return (
    (await vscode.window.showWarningMessage(fitLine(message), { modal: true, detail: fitText(detail) }, action)) ===
    action
  );
}

/** A notification with a bar and a way to cancel, for as long as `task` takes. */
export function showProgress(
  title: string,
  cancel: () => void,
  task: (report: (progress: Progress) => void) => Promise<void>,
): void {
  void vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: fitLine(title), cancellable: true },
    async (shown, token) => {
      let done = 0;
      const cancelling = token.onCancellationRequested(cancel);
      await task(({ message, fraction }) => {
        const percent = fraction === undefined ? undefined : fraction * 100;
        shown.report({
          message: fitLine(message),
          ...(percent === undefined ? {} : { increment: Math.max(0, percent - done) }),
        });
        done = Math.max(done, percent ?? 0);
      });
      cancelling.dispose();
    },
  );
}

/** The bar on top of a view, until `done`. */
export function showViewProgress(viewId: string, done: Promise<void>): void {
  void vscode.window.withProgress({ location: { viewId } }, () => done);
}
