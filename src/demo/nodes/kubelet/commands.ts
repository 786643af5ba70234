import type { Writable } from 'node:stream';
import { missingExecutable, type ContainerRun } from '../pods/container-run.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { runInTerminal } from '../shell/terminal.ts';
import { flushed } from '../shell/streams.ts';
import { cutAfter } from './cut.ts';
import type { RemoteCommandHandler, RemoteCommandSession } from '../streaming/remote-command.ts';

/** Bytes that an exec under the fault `exec-cut` may say. */
const cutAfterBytes = 64 * 1024;

/** Runs a command in a container for a remote client. */
export function execIn(run: ContainerRun, worker: PodWorker, command: readonly string[]): RemoteCommandHandler {
  return async (session) => {
    const [file] = command;
    if (file === undefined) return { kind: 'error', message: 'you must specify at least 1 command for the container' };
    if (!(await run.shell.canStart(file))) {
      return { kind: 'error', message: `error executing command in container: failed to exec in container: failed to start exec "${run.id}": OCI runtime exec failed: exec failed: unable to start container process: ${missingExecutable(file)}` };
    }
    const guarded = worker.hasFault('exec-cut') ? cutAfter(session, cutAfterBytes) : session;
    const code = session.tty ? await runInTerminal(run, command, guarded) : await run.exec(command, { stdin: guarded.stdin, stdout: guarded.stdout, stderr: guarded.stderr, tty: false }, session.signal);
    await flushed(guarded.stdout);
    return { kind: 'exit', code };
  };
}

/** Follows the main process's output; its input goes nowhere, as no program of the demo reads it. */
export function attachTo(run: ContainerRun): RemoteCommandHandler {
  return async (session) => {
    session.stdin.resume();
    await new Promise<void>((resolve) => {
      const following = run.log.follow((entry) => write(session, entry.stream, `${entry.text}${session.tty ? '\r\n' : '\n'}`), resolve);
      session.signal.addEventListener('abort', () => {
        following.dispose();
        resolve();
      }, { once: true });
    });
    return { kind: 'exit', code: run.exit?.exitCode ?? 0 };
  };
}

function write(session: RemoteCommandSession, stream: 'stdout' | 'stderr', text: string): void {
  const target: Writable = session[stream];
  if (target.writable) target.write(text);
}
