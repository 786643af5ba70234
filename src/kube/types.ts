import type { Duplex, Readable, Writable } from 'node:stream';
import type { Disposable } from '../base/disposables.ts';
import type { WorkbenchError } from '../base/errors.ts';

/** One context and namespace, pinned: work that started with it keeps it, whatever is chosen later. */
export interface ClusterRef {
  readonly context: string;
  readonly namespace: string;
  /** The API server's address, for messages and for telling two contexts of one name apart. */
  readonly server: string;
}

/** A kind as the API server serves it. `group` is '' for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Any API object as raw JSON. Read `spec` and `status` through `base/json` or a schema; never trust their shape. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path from the server's root, e.g. `/api/v1/nodes`. Build it with `resourcePath`. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON; a string or Buffer is sent as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** Milliseconds to the end of the response; the default is the client's. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

export interface KubeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readable;
}

export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** How long the command may run; absent: as long as it likes. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** A short command: its output is collected up to a limit (`too-large`), and it has two minutes if nothing else is said (`timeout`). */
export type ExecOutputOptions = Omit<ExecOptions, 'stdout' | 'stderr'>;

export interface ExecOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface LogOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly sinceTime?: string;
  readonly signal: AbortSignal;
}

export interface LogLine {
  /** The kubelet's time stamp of the line (RFC 3339, ns). */
  readonly time: string;
  readonly text: string;
  /**
   * Set on a marker, which is no line of the container: lines may be missing before the next one, because the log was
   * rotated, the container restarted or its pod is gone. `text` says so in words.
   */
  readonly gap?: 'rotated' | 'restarted' | 'pod-gone';
}

/** Where a port-forward leads: to whatever pod bears a name, or to a ready pod of a selector or Service. */
export type ForwardTarget =
  | { readonly pod: string }
  | { readonly labelSelector: string }
  | { readonly service: string };

/** Whether a new connection reaches a pod, as of the last look. */
export type ForwardState =
  | { readonly kind: 'open'; readonly pod: string; readonly uid: string }
  | { readonly kind: 'lost'; readonly error: WorkbenchError };

export interface PortForward extends Disposable {
  /**
   * A new connection to the pod's port, for an HTTP request's `createConnection`; it may be written to at once. A stream of
   * this process: nothing listens that other users of the machine could reach. What breaks is an error, never an end.
   */
  connect(): Duplex;
  readonly state: ForwardState;
  /** Told when the forward goes on to another pod, loses its pod or finds one again. */
  onDidChange(listener: (state: ForwardState) => void): Disposable;
  /** Told why a connection could not be made or broke; it fails with the same error. */
  onDidFail(listener: (error: WorkbenchError) => void): Disposable;
}

export interface ListOptions {
  /** Absent: all namespaces of a namespaced kind. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per chunk; lists are always read in chunks. */
  readonly limit?: number;
  readonly signal: AbortSignal;
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

/** What a watch tells of one kind. `absent` is a kind that the server does not serve (a missing CRD). */
export type WatchState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'stale'; readonly since: number; readonly error: WorkbenchError }
  | { readonly kind: 'denied'; readonly error: WorkbenchError }
  | { readonly kind: 'absent' };

/** Receives projected objects. `replace` is one whole list (start, or relist after 410): what is not in it is gone. */
export interface WatchSink<T> {
  replace(items: ReadonlyMap<string, T>): void;
  set(key: string, item: T): void;
  delete(key: string): void;
  state(state: WatchState): void;
}

export interface WatchOptions<T> {
  readonly resource: ResourceType;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keeps of an object what is shown; called once an object, at the door. Undefined leaves it out. */
  readonly project: (object: KubeObject) => T | undefined;
  readonly sink: WatchSink<T>;
}

/** One verb on one resource. `group` is '' for the core group; without a name, on any object of it. */
export interface AccessNeed {
  readonly verb: string;
  readonly group: string;
  /** The plural: `pods`. */
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

/** A grant: these verbs on these resources (`pods`, `pods/exec`, `*`) of these groups; `names` empty: on every object. */
export interface AccessRule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly names: readonly string[];
}

/** Every grant that I have in a namespace; `incomplete` where an authorizer could not list its own. */
export interface AccessRules {
  readonly rules: readonly AccessRule[];
  readonly incomplete: boolean;
}

/** One authenticated connection pool to one API server. Every failure is a `WorkbenchError` that names object, context and namespace. */
export interface KubeClient extends Disposable {
  readonly cluster: ClusterRef;

  /** A JSON answer; a non-2xx Status becomes an error whose code tells 401, 403, 404, 409, 410, 422, 429 and 5xx apart. */
  json<T = unknown>(request: KubeRequest): Promise<T>;
  /** The raw answer as a stream, whatever its status. */
  stream(request: KubeRequest): Promise<KubeResponse>;

  get(resource: ResourceType, namespace: string | undefined, name: string, signal: AbortSignal): Promise<KubeObject>;
  list(resource: ResourceType, options: ListOptions): Promise<readonly KubeObject[]>;
  create(resource: ResourceType, object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
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
  watch<T>(options: WatchOptions<T>): Disposable;

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
   * connections and rotation, without losing or doubling a line; what cannot be had any more is marked as a gap.
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

export interface ContextInfo {
  readonly name: string;
  readonly cluster: string;
  readonly server: string;
  readonly user: string;
  /** The namespace that the kubeconfig names, `default` where it names none. */
  readonly namespace: string;
  readonly current: boolean;
}

/** The kubeconfig's contexts and the one that this workspace chose. The choice is kept in `KeyValueStore`, never in the kubeconfig. */
export interface Contexts extends Disposable {
  list(): Promise<readonly ContextInfo[]>;
  /** The chosen one; else the kubeconfig's current context with `.env`'s NAMESPACE before its own. Undefined: no kubeconfig. */
  current(): Promise<ClusterRef | undefined>;
  select(context: string, namespace?: string): Promise<ClusterRef>;
  /** Its cluster has gone: if it is the chosen one, the choice before it counts again, from the next `reload` on. */
  leave(context: string): Promise<void>;
  onDidChange(listener: (cluster: ClusterRef | undefined) => void): Disposable;
  /** A client of a pinned cluster; the same object for the same cluster while it lives. */
  client(cluster: ClusterRef): Promise<KubeClient>;
  /** Arguments and environment that make kubectl or helm act on this very cluster (`--context`, `--namespace`, KUBECONFIG). */
  toolEnvironment(cluster: ClusterRef): Promise<ToolEnvironment>;
  /** Reads the kubeconfig files again now; a change on disk does the same. */
  reload(): Promise<void>;
}

export interface ToolEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly context: string;
  readonly namespace: string;
}

/** A command as data: what to run and how to read it. Never a shell string. */
export interface Command<T> {
  readonly tool: 'kubectl' | 'helm' | 'node';
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly parse: (stdout: string) => T;
}

/** Runs commands. Cancelling ends the whole process tree. Missing tool: `tool-missing`; non-zero exit: `tool-failed` with the last stderr line. */
export interface CommandRunner {
  run<T>(command: Command<T>, signal: AbortSignal): Promise<T>;
  /** Path of a tool, or undefined when it is not on the PATH nor in the settings. */
  find(tool: 'kubectl' | 'helm'): Promise<string | undefined>;
}
