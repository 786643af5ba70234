import type { LogOutputChannel } from 'vscode';
import { errorText, WorkbenchError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { redact } from '../base/redact.ts';

/** A message that is longer came from outside, and its beginning tells as much. */
const MESSAGE_LENGTH = 64_000;

/** The product's log in VS Code's output channel. */
export function channelLogger(channel: Pick<LogOutputChannel, 'debug' | 'info' | 'warn' | 'error'>): Logger {
  const clean = (message: string): string => redact(message.slice(0, MESSAGE_LENGTH));
  return {
    debug: (message) => channel.debug(clean(message)),
    info: (message) => channel.info(clean(message)),
    warn: (message) => channel.warn(clean(message)),
    error: (message, cause) =>
      channel.error(clean(cause === undefined ? message : `${message}\n${errorDetails(cause)}`)),
  };
}

/** An error with its hint, its chain of causes and the stack of the innermost one. */
export function errorDetails(error: unknown): string {
  const lines: string[] = [];
  let here: unknown = error;
  while (here !== undefined && lines.length < 20) {
    lines.push(
      here instanceof WorkbenchError
        ? `${here.code}: ${here.message}${here.hint === undefined ? '' : ` (${here.hint})`}`
        : errorText(here),
    );
    const cause: unknown = here instanceof Error ? here.cause : undefined;
    if (cause === undefined && here instanceof Error && here.stack !== undefined) lines.push(here.stack);
    here = cause;
  }
  return lines.join('\n  caused by ');
}
