import { missingExecutable, type ContainerRun } from '../pods/container-run.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { runInTerminal } from '../shell/terminal.ts';
import { flushed } from '../shell/streams.ts';
import { cutAfter } from './cut.ts';
import type { RemoteCommandHandler } from '../streaming/remote-command.ts';

/** Bytes that an exec under the fault `exec-cut` may say. */
const cutAfterBytes = 64 * 1024;

/** Runs a command in a container for a remote client. */
export function execIn(run: ContainerRun, worker: PodWorker, command: readonly string[]): RemoteCommandHandler {
  return async (session) => {
    const [file] = command;
    if (file === undefined) return { kind: 'error', message: 'you must specify at least 1 command for the container' };
    if (!(await run.shell.canStart(file))) {
      return {
        kind: 'error',
        message: `error executing command in container: failed to exec in container: failed to start exec "${run.id}": OCI runtime exec failed: exec failed: unable to start container process: ${missingExecutable(file)}`,
      };
    }
    const guarded = worker.hasFault('exec-cut') ? cutAfter(session, cutAfterBytes) : session;
    const code = session.tty
      ? await runInTerminal(run, command, guarded)
      : await run.exec(
          command,
          { stdin: guarded.stdin, stdout: guarded.stdout, stderr: guarded.stderr, tty: false },
          session.signal,
        );
    await flushed(guarded.stdout);
    return { kind: 'exit', code };
  };
}

/** Joins the main process's streams until it ends. How it ended is not the attached client's to know: that is in the pod's status. */
export function attachTo(run: ContainerRun): RemoteCommandHandler {
  return async (session) => {
    await run.console.attach(session, run.ended);
    return { kind: 'exit', code: 0 };
  };
}
