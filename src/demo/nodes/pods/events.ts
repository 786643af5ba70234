import { randomBytes } from 'node:crypto';
import { isWorkbenchError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { Events } from '../../../kube/resources.ts';
import type { KubeClient } from '../../../kube/types.ts';
import type { KubeObject } from '../../../kube/model/types.ts';

/** What an event is about: a pod, one of its containers, or a node. */
export interface EventSubject {
  readonly object: KubeObject;
  /** `spec.containers{name}` for a container. */
  readonly fieldPath?: string;
}

interface Recorded {
  readonly namespace: string;
  readonly name: string;
  count: number;
}

/** Writes Events as a kubelet does: the same one again raises its count. Runs beside the work; a lost event is only logged. */
export class EventRecorder {
  readonly #client: Pick<KubeClient, 'create' | 'patch'>;
  readonly #host: string;
  readonly #now: () => number;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  readonly #recorded = new Map<string, Recorded>();
  #queue: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly client: Pick<KubeClient, 'create' | 'patch'>;
    readonly host: string;
    readonly now: () => number;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  }) {
    this.#client = options.client;
    this.#host = options.host;
    this.#now = options.now;
    this.#logger = options.logger;
    this.#signal = options.signal;
  }

  normal(subject: EventSubject, reason: string, message: string): void {
    this.#record(subject, 'Normal', reason, message);
  }

  warning(subject: EventSubject, reason: string, message: string): void {
    this.#record(subject, 'Warning', reason, message);
  }

  #record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    // One after the other, so that they stand in the order in which things happened.
    this.#queue = this.#queue
      .then(() => this.#write(subject, type, reason, message))
      .catch((error: unknown) => {
        if (!this.#signal.aborted && !isWorkbenchError(error, 'not-found', 'namespace-missing', 'forbidden'))
          this.#logger.warn(`event ${reason} of ${subject.object.metadata.name} was not written: ${String(error)}`);
      });
  }

  async #write(subject: EventSubject, type: string, reason: string, message: string): Promise<void> {
    const { metadata, kind, apiVersion } = subject.object;
    const time = new Date(this.#now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const key = [metadata.uid, subject.fieldPath, type, reason, message].join('\n');
    const known = this.#recorded.get(key);
    if (known !== undefined) {
      known.count += 1;
      try {
        await this.#client.patch(
          Events,
          known.namespace,
          known.name,
          { count: known.count, lastTimestamp: time },
          this.#signal,
        );
        return;
      } catch (error) {
        if (!isWorkbenchError(error, 'not-found')) throw error;
      }
    }
    const namespace = metadata.namespace ?? 'default';
    const name = `${metadata.name}.${randomBytes(8).toString('hex')}`;
    const involvedObject = {
      kind,
      apiVersion,
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      ...(subject.fieldPath === undefined ? {} : { fieldPath: subject.fieldPath }),
    };
    const source = { component: 'kubelet', host: this.#host };
    await this.#client.create(
      Events,
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject,
        type,
        reason,
        message,
        source,
        count: 1,
        firstTimestamp: time,
        lastTimestamp: time,
        reportingComponent: 'kubelet',
        reportingInstance: this.#host,
      },
      this.#signal,
    );
    this.#recorded.set(key, { namespace, name, count: 1 });
  }
}
