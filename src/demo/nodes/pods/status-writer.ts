import { sleep, systemClock } from '../../../base/clock.ts';
import { isAbort, isWorkbenchError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { Pods, resourcePath } from '../../../kube/resources.ts';
import type { KubeClient } from '../../../kube/types.ts';
import type { NodePod } from './pod-spec.ts';

const retryMs = 1000;

/** Tells the API server a pod's status: one patch at a time, the newest state only, never the same twice. */
export class StatusWriter {
  readonly #client: Pick<KubeClient, 'json'>;
  readonly #pod: () => NodePod;
  readonly #status: () => Readonly<Record<string, unknown>>;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  #sent = '';
  #dirty = false;
  #writing: Promise<void> | undefined;

  constructor(options: {
    readonly client: Pick<KubeClient, 'json'>;
    readonly pod: () => NodePod;
    readonly status: () => Readonly<Record<string, unknown>>;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  }) {
    this.#client = options.client;
    this.#pod = options.pod;
    this.#status = options.status;
    this.#logger = options.logger;
    this.#signal = options.signal;
  }

  /** Asks for the status to be written soon. */
  changed(): void {
    this.#dirty = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when everything asked for has been written, or can't be any more. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    // Changes come in bursts (a container's state, then its conditions): one patch tells them all.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#dirty && !this.#signal.aborted) {
      this.#dirty = false;
      const pod = this.#pod();
      const status = this.#status();
      const text = JSON.stringify(status);
      if (text === this.#sent) continue;
      try {
        await this.#client.json({
          method: 'PATCH',
          path: resourcePath(Pods, pod.namespace, pod.name, 'status'),
          contentType: 'application/strategic-merge-patch+json',
          body: { metadata: { uid: pod.uid }, status },
          signal: this.#signal,
        });
        this.#sent = text;
      } catch (error) {
        if (isAbort(error) || isWorkbenchError(error, 'not-found', 'conflict')) return;
        this.#logger.warn(`status of pod ${pod.namespace}/${pod.name} was not written: ${String(error)}`);
        this.#dirty = true;
        await sleep(systemClock, retryMs, this.#signal).catch(() => {});
      }
    }
  }
}
