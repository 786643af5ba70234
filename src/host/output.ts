import type { LogOutputChannel } from 'vscode';
import { errorText, WorkbenchError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { redact } from '../base/redact.ts';

/** The product's log in VS Code's output channel. */
export function channelLogger(channel: LogOutputChannel): Logger {
  return {
    debug: (message) => channel.debug(redact(message)),
    info: (message) => channel.info(redact(message)),
    warn: (message) => channel.warn(redact(message)),
    error: (message, cause) => channel.error(redact(cause === undefined ? message : `${message}\n${errorDetails(cause)}`)),
  };
}

/** An error with its hint, its chain of causes and the stack of the innermost one. */
export function errorDetails(error: unknown): string {
  const lines: string[] = [];
  let here: unknown = error;
  while (here !== undefined && lines.length < 20) {
    lines.push(here instanceof WorkbenchError ? `${here.code}: ${here.message}${here.hint === undefined ? '' : ` (${here.hint})`}` : errorText(here));
    const cause: unknown = here instanceof Error ? here.cause : undefined;
    if (cause === undefined && here instanceof Error && here.stack !== undefined) lines.push(here.stack);
    here = cause;
  }
  return lines.join('\n  caused by ');
}
