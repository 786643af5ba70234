import type { Disposable } from '../../base/disposables.ts';
import type { WorkbenchError } from '../../base/errors.ts';
import type { Event } from '../../base/events.ts';
import type { ClusterRef } from '../../kube/types.ts';

/** A write of `.tmp/decode_pods.txt`. */
export interface WrittenDecodePods {
  readonly path: string;
  /** Where the pods are that the file names now. */
  readonly cluster: ClusterRef;
  readonly pods: number;
  /** True when the file held another place's pods before, as far as is known: always for the first write of a window. */
  readonly elsewhere: boolean;
}

/**
 * `.tmp/decode_pods.txt`: a line `name ip` for each of my decode pods of the chosen namespace that has an address and has
 * not ended, by name. It is for scripts of the workspace that read it; the Workbench itself never does.
 */
export interface DecodePodsFile extends Disposable {
  /**
   * Lists the pods and writes the file, made where it was not there. Without a workspace it rejects with `bad-usage`; where
   * the path leads out of the workspace or to something else than a plain file, with `file-unreadable`.
   */
  write(cluster: ClusterRef, signal: AbortSignal): Promise<WrittenDecodePods>;
  /**
   * Keeps a file that is there current until it is deleted or this is disposed, by a watch of its own on my pods of the chosen
   * namespace; nothing happens where there is no file. To be called again when one has appeared.
   */
  follow(): Promise<void>;
  /** The watch found other pods and the file was rewritten. */
  readonly onDidWrite: Event<WrittenDecodePods>;
  /** The file cannot be kept current. Told once, until it could be again. */
  readonly onDidFail: Event<WorkbenchError>;
}
