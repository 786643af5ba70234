import * as vscode from 'vscode';
import { isAbort, toWorkbenchError } from '../../base/errors.ts';
import type { Contexts, ClusterRef } from '../../kube/types.ts';

export interface LogSource {
  readonly cluster: ClusterRef;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The container was restarted: the end of the instance before tells why. */
  readonly restarted: boolean;
}

const PREVIOUS_LINES = 200;
const TAIL_LINES = 5000;

const dim = (text: string): string => `\u001B[2m${text}\u001B[0m\r\n`;
const red = (text: string): string => `\u001B[31m${text}\u001B[0m\r\n`;

/** Follows a container's log in a terminal, with the colours that it has, until the terminal is closed. */
export function showLogTerminal(contexts: Contexts, source: LogSource): void {
  const written = new vscode.EventEmitter<string>();
  const reading = new AbortController();
  const terminal = vscode.window.createTerminal({
    name: `${source.pod}/${source.container}`,
    iconPath: new vscode.ThemeIcon('output'),
    pty: {
      onDidWrite: written.event,
      open: () => void follow(contexts, source, (text) => written.fire(text), reading.signal),
      close() {
        reading.abort();
        written.dispose();
      },
    },
  });
  terminal.show();
}

async function follow(contexts: Contexts, source: LogSource, write: (text: string) => void, signal: AbortSignal): Promise<void> {
  const { cluster, namespace, pod, container } = source;
  write(dim(`log of ${pod}, container ${container}, in ${cluster.context}/${namespace}`));
  try {
    const client = await contexts.client(cluster);
    if (source.restarted) {
      write(dim(`the last ${PREVIOUS_LINES} lines before its restart:`));
      for await (const line of client.logs({ namespace, pod, container, previous: true, tailLines: PREVIOUS_LINES, signal })) write(`${line.text}\r\n`);
      write(dim('now:'));
    }
    for await (const line of client.logs({ namespace, pod, container, follow: true, tailLines: TAIL_LINES, signal })) write(`${line.text}\r\n`);
    write(dim('the log has ended: the container stopped'));
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    const failure = toWorkbenchError(error, `read the log of ${pod}`);
    write(red(failure.message));
    if (failure.hint !== undefined) write(dim(failure.hint));
  }
}
