import * as vscode from 'vscode';
import { isAbort, toWorkbenchError, type ErrorCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { button, type Buttons } from './commands/run.ts';
import { COMMANDS, type CommandId } from './commands/table.ts';
import { showError } from './notifications.ts';
import { errorDetails } from './output.ts';
import { statusMessage } from './status/status-bar.ts';
import { windowTrust } from './trust.ts';

/** The command that helps most after a failure, where one does. */
const REMEDIES: Partial<Record<ErrorCode, CommandId>> = {
  'kubeconfig-missing': 'llmd.startDemo',
  'kubeconfig-invalid': 'llmd.openSettings',
  'context-unknown': 'llmd.selectContext',
  'cluster-unreachable': 'llmd.selectContext',
  unauthorized: 'llmd.selectContext',
  forbidden: 'llmd.selectNamespace',
  'namespace-missing': 'llmd.selectNamespace',
  'tool-missing': 'llmd.openSettings',
  'tool-too-old': 'llmd.openSettings',
  'not-ready': 'llmd.waitUntilReady',
  'no-traces': 'llmd.profileDecode',
};

const MANAGE_TRUST: Buttons = {
  'Manage Workspace Trust': () => vscode.commands.executeCommand('workbench.trust.manage'),
};

/** Every failure that a person sees goes through here: the message, the hint, the fitting action and the way to the details. */
export class ErrorReporter {
  readonly #output: vscode.LogOutputChannel;
  readonly #logger: Logger;

  constructor(output: vscode.LogOutputChannel, logger: Logger) {
    this.#output = output;
    this.#logger = logger;
  }

  /**
   * Tells of a failed `doing` ("deploy wide-ep"). A cancelled one is only a short word in the status bar; one that took too long can
   * be done `again`.
   */
  async show(error: unknown, doing: string, again?: () => unknown): Promise<void> {
    if (isAbort(error)) {
      statusMessage('circle-slash', `${doing}: cancelled`, 5000);
      return;
    }
    const failure = toWorkbenchError(error, doing);
    this.#logger.error(`${doing} failed`, failure);
    const text = failure.hint === undefined ? failure.message : `${withStop(failure.message)} ${failure.hint}`;
    const buttons: Buttons = {
      ...(again && failure.code === 'timeout' ? { Retry: again } : {}),
      ...remedyFor(failure.code),
      'Show Details': () => this.#output.show(true),
    };
    const chosen = await showError(text, ...Object.keys(buttons));
    if (chosen !== undefined) await buttons[chosen]?.();
  }

  /** For a failure that is shown where it happened and only needs a line in the log. */
  note(error: unknown, doing: string): void {
    if (!isAbort(error)) this.#logger.debug(`${doing}: ${errorDetails(error)}`);
  }
}

/** In Restricted Mode what is off is no remedy: trust is what it takes. */
function remedyFor(code: ErrorCode): Buttons {
  const remedy = REMEDIES[code];
  if (code === 'untrusted' || (remedy && !windowTrust.granted && !COMMANDS[remedy].beforeTrust)) return MANAGE_TRUST;
  return remedy ? button(remedy) : {};
}

function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
