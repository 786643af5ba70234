import { sleep } from '../../base/clock.ts';
import { isAbort } from '../../base/errors.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { Look, RemoteRun } from '../remote/remote-run.ts';
import { LOOK_BYTES } from '../remote/scripts.ts';
import { writeError } from '../write-error.ts';
import { OutputProgress } from './progress.ts';
import { whenConnected, type Waiting } from './when-connected.ts';

const LOOK_EVERY_MS = 1000;

/** How a run in a pod ended. */
export type Ending =
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** The process was killed, or its pod or container with it. */
  | { readonly kind: 'vanished'; readonly reason: string };

export interface FollowOptions extends Waiting {
  /** The run's folder. */
  readonly files: WorkspaceFiles;
  /** The local copy of the run's output in it. Its size says from where to go on, also after a reload. */
  readonly logFile: string;
  /** Called before each write; rejects with `aborted` when the run is followed elsewhere by now. */
  readonly confirm: () => Promise<void>;
}

/**
 * Looks at a run until it has ended and copies its output as it comes. A connection that is lost is waited for:
 * the run does not depend on it. Rejects with `aborted`, or with what asking again cannot mend.
 */
export async function follow(
  run: RemoteRun,
  { clock, files, logFile, confirm, progress, signal }: FollowOptions,
): Promise<Ending> {
  // Another pod may bear the name by now: nothing is asked in that.
  const end = await whenConnected(run.pod, { clock, progress, signal }, () => run.podEnd(signal));
  if (end !== undefined) return { kind: 'vanished', reason: end };
  const words = new OutputProgress();
  let offset = await files.size(logFile);
  for (;;) {
    const look = await lookAt(run, offset, { clock, progress, signal });
    if ('vanished' in look) return { kind: 'vanished', reason: look.vanished };
    if (look.log.length > 0) {
      await confirm();
      await write(files, logFile, look.log, offset);
      offset += look.log.length;
    }
    if (look.log.length >= LOOK_BYTES) continue;
    switch (look.state.kind) {
      case 'ended':
        return { kind: 'exited', exitCode: look.state.exitCode };
      case 'gone':
        return { kind: 'vanished', reason: `its process in pod ${run.pod} of ${run.place} was killed` };
      case 'lost':
        return {
          kind: 'vanished',
          reason: `the container of pod ${run.pod} of ${run.place} was restarted while the benchmark ran`,
        };
      case 'running':
        progress(words.read(look.log, look.step));
        await sleep(clock, LOOK_EVERY_MS, signal);
    }
  }
}

async function write(files: WorkspaceFiles, file: string, bytes: Buffer, offset: number): Promise<void> {
  try {
    await files.writeAt(file, bytes, offset);
  } catch (error) {
    throw writeError(files.path(file), error);
  }
}

/** What the pod says of the run, or why it will never say more. */
async function lookAt(run: RemoteRun, offset: number, waiting: Waiting): Promise<Look | { readonly vanished: string }> {
  return whenConnected(run.pod, waiting, async () => {
    try {
      return await run.look(offset, waiting.signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      // A pod that was deleted or has ended refuses an exec in several ways: its own status tells it from a bad connection.
      const end = await run.podEnd(waiting.signal);
      if (end !== undefined) return { vanished: end };
      throw error;
    }
  });
}
