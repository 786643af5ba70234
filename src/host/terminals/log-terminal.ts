import * as vscode from 'vscode';
import { systemClock } from '../../base/clock.ts';
import { isAbort, toWorkbenchError } from '../../base/errors.ts';
import { fitLine } from '../../base/fit-text.ts';
import { terminalText } from '../../base/terminal-text.ts';
import { followContainer, type LogEvent } from '../../kube/streams/container-logs.ts';
import type { Contexts } from '../../kube/login/types.ts';
import type { ClusterRef } from '../../kube/types.ts';
import { plural } from '../../protocol/format.ts';

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

const dim = (text: string): string => terminalText(`\u001B[2m${fitLine(text)}\n`);
const red = (text: string): string => terminalText(`\u001B[31m${fitLine(text)}\n`);

/** Follows a container's log in a terminal, with the colours that it has, until the terminal is closed. */
export function showLogTerminal(contexts: Contexts, source: LogSource): void {
  const written = new vscode.EventEmitter<string>();
  const reading = new AbortController();
  const terminal = vscode.window.createTerminal({
    name: fitLine(`${source.pod}/${source.container}`),
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

async function follow(
  contexts: Contexts,
  source: LogSource,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, namespace, pod, container } = source;
  write(dim(`log of ${pod}, container ${container}, in ${cluster.context}/${namespace}`));
  try {
    const client = await contexts.client(cluster);
    if (source.restarted) {
      write(dim(`the last ${PREVIOUS_LINES} lines before its restart:`));
      for await (const line of client.logs({
        namespace,
        pod,
        container,
        previous: true,
        tailLines: PREVIOUS_LINES,
        signal,
      }))
        write(terminalText(`${line.text}\n`));
      write(dim('now:'));
    }
    for await (const event of followContainer(
      client,
      { namespace, pod, container, tailLines: TAIL_LINES, signal },
      systemClock,
    ))
      write(wordsOf(event));
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    const failure = toWorkbenchError(error, `read the log of ${pod}`);
    write(red(failure.message));
    if (failure.hint !== undefined) write(dim(failure.hint));
  }
}

const OVER: Record<Extract<LogEvent, { readonly kind: 'over' }>['why'], string> = {
  completed: 'the log is complete: the container is not started again',
  'pod gone': 'the pod is gone',
  'not started again': 'the container was not started again for some minutes; open the log anew to look',
  'not told': 'you may not read pods here, so that a restart would not be noticed; open the log anew to look',
};

function wordsOf(event: LogEvent): string {
  switch (event.kind) {
    case 'line':
      return event.line.gap === undefined ? terminalText(`${event.line.text}\n`) : dim(`--- ${event.line.text} ---`);
    case 'ended':
      return dim(`--- the container stopped${event.exit === undefined ? '' : ` (${event.exit})`} ---`);
    case 'started':
      return dim(
        `--- ${event.again === 'restarted' ? 'it was restarted' : 'its pod was made anew'}${event.missed > 0 ? `; ${plural(event.missed, 'run')} in between came and went` : ''}: ---`,
      );
    case 'over':
      return dim(OVER[event.why]);
  }
}
