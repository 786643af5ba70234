import * as vscode from 'vscode';
import { isAbort, toWorkbenchError, type ErrorCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { BEFORE_TRUST } from './commands/before-trust.ts';
import type { CommandId } from './commands/ids.ts';
import { showError } from './notifications.ts';
import { errorDetails } from './output.ts';
import { statusMessage } from './status/status-bar.ts';
import { windowTrust } from './trust.ts';

interface Remedy {
  readonly title: string;
  readonly command: CommandId | 'workbench.trust.manage';
}

const MANAGE_TRUST: Remedy = { title: 'Manage Workspace Trust', command: 'workbench.trust.manage' };

/** The command that helps most after a failure, where one does. */
const REMEDIES: Partial<Record<ErrorCode, Remedy>> = {
  untrusted: MANAGE_TRUST,
  'kubeconfig-missing': { title: 'Start Demo Cluster', command: 'llmd.startDemo' },
  'kubeconfig-invalid': { title: 'Open Settings', command: 'llmd.openSettings' },
  'context-unknown': { title: 'Select Context', command: 'llmd.selectContext' },
  'cluster-unreachable': { title: 'Select Context', command: 'llmd.selectContext' },
  unauthorized: { title: 'Select Context', command: 'llmd.selectContext' },
  forbidden: { title: 'Select Namespace', command: 'llmd.selectNamespace' },
  'namespace-missing': { title: 'Select Namespace', command: 'llmd.selectNamespace' },
  'tool-missing': { title: 'Open Settings', command: 'llmd.openSettings' },
  'tool-too-old': { title: 'Open Settings', command: 'llmd.openSettings' },
  'not-ready': { title: 'Wait Until Ready', command: 'llmd.waitUntilReady' },
  'no-traces': { title: 'Profile Decode Ranks', command: 'llmd.profileDecode' },
};

const RETRY = 'Retry';
const DETAILS = 'Show Details';

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
    const remedy = remedyFor(failure.code);
    const text = failure.hint === undefined ? failure.message : `${withStop(failure.message)} ${failure.hint}`;
    const retry = failure.code === 'timeout' ? again : undefined;
    const buttons = [...(retry ? [RETRY] : []), ...(remedy ? [remedy.title] : []), DETAILS];
    const chosen = await showError(text, ...buttons);
    if (chosen === DETAILS) this.#output.show(true);
    else if (chosen === RETRY) await retry?.();
    else if (chosen !== undefined && remedy) await vscode.commands.executeCommand(remedy.command);
  }

  /** For a failure that is shown where it happened and only needs a line in the log. */
  note(error: unknown, doing: string): void {
    if (!isAbort(error)) this.#logger.debug(`${doing}: ${errorDetails(error)}`);
  }
}

/** In Restricted Mode what is off is no remedy: trust is what it takes. */
function remedyFor(code: ErrorCode): Remedy | undefined {
  const remedy = REMEDIES[code];
  if (remedy === undefined || remedy === MANAGE_TRUST || windowTrust.granted) return remedy;
  return BEFORE_TRUST.has(remedy.command as CommandId) ? remedy : MANAGE_TRUST;
}

function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
