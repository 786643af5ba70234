import type { KubeObject, ResourceType } from './model/types.ts';
import type { Disposable } from '../base/disposables.ts';
import type { AccessNeed, AccessRules } from './access/types.ts';
import type { KubeRequest, KubeResponse } from './http/types.ts';
import type {
  ExecOptions,
  ExecOutput,
  ExecOutputOptions,
  ForwardTarget,
  LogLine,
  LogOptions,
  PortForward,
} from './streams/types.ts';
import type { ListOptions, WatchOptions } from './watch/types.ts';

/** One context and namespace, pinned: work that started with it keeps it, whatever is chosen later. */
export interface ClusterRef {
  readonly context: string;
  readonly namespace: string;
  /** The API server's address, for messages and for telling two contexts of one name apart. */
  readonly server: string;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

export interface DeleteOptions {
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  /** Delete only if the object is still this one. */
  readonly uid?: string;
  readonly signal: AbortSignal;
}

/** One authenticated connection pool to one API server. Every failure is a `WorkbenchError` that names object, context and namespace. */
export interface KubeClient extends Disposable {
  readonly cluster: ClusterRef;

  /** A JSON answer; a non-2xx Status becomes an error whose code tells 401, 403, 404, 409, 410, 422, 429 and 5xx apart. */
  json<T = unknown>(request: KubeRequest): Promise<T>;
  /** The raw answer as a stream, whatever its status. */
  stream(request: KubeRequest): Promise<KubeResponse>;

  get<T extends KubeObject>(
    resource: ResourceType<T>,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<T>;
  list<T extends KubeObject>(resource: ResourceType<T>, options: ListOptions): Promise<readonly T[]>;
  create<T extends KubeObject>(resource: ResourceType<T>, object: KubeObject, signal: AbortSignal): Promise<T>;
  /** Server-side apply of raw JSON. */
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  patch(
    resource: ResourceType,
    namespace: string | undefined,
    name: string,
    mergePatch: unknown,
    signal: AbortSignal,
  ): Promise<KubeObject>;
  /** False when the object was not there. */
  delete(resource: ResourceType, namespace: string | undefined, name: string, options: DeleteOptions): Promise<boolean>;

  /** Lists, then watches for ever: restarts on every error with jittered back-off until disposed. */
  watch<T, O extends KubeObject = KubeObject>(options: WatchOptions<T, O>): Disposable;

  /** Served kinds by discovery, cached; undefined when the server does not serve it (a missing CRD). */
  resourceOf(apiVersion: string, kind: string, signal: AbortSignal): Promise<ResourceType | undefined>;
  /** What I may do in a namespace, by SelfSubjectRulesReview: remembered for a minute, forgotten when the server answers 401 or 403. */
  rules(namespace: string, signal: AbortSignal): Promise<AccessRules>;
  /** May I? Read from `rules`; asked singly (SelfSubjectAccessReview) only where those leave a doubt. True where the server will not say: it judges the call itself. */
  allowed(
    verb: string,
    resource: ResourceType,
    namespace: string | undefined,
    signal: AbortSignal,
    subresource?: string,
  ): Promise<boolean>;
  /** Those of the needs that are not granted in the namespace. */
  missing(needs: readonly AccessNeed[], namespace: string, signal: AbortSignal): Promise<readonly AccessNeed[]>;

  /** Streams; resolves with the exit code. The given streams are written to, never ended. A connection that ends without a status rejects with `connection-lost`. */
  exec(options: ExecOptions): Promise<number>;
  /** Collects the output of a short command. */
  execOutput(options: ExecOutputOptions): Promise<ExecOutput>;
  /**
   * Line by line. With `follow`: waits for the container to start, then reads this run of it to its end, over broken
   * connections and rotation, without losing or doubling a line; what can no longer be read is marked as a gap.
   */
  logs(options: LogOptions): AsyncIterable<LogLine>;
  /**
   * Makes connections to a pod until disposed; the signal ends the set-up only. The pod is looked up again
   * before a new connection, and while one waits in silence: connections to a pod that is gone are cut with the reason.
   * For a Service, `port` is the Service's.
   */
  portForward(
    namespace: string,
    target: string | ForwardTarget,
    port: number,
    signal: AbortSignal,
  ): Promise<PortForward>;
}
