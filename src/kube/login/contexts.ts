import { delimiter } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposables.ts';
import { errorText } from '../../base/errors.ts';
import { Emitter } from '../../base/events.ts';
import type { Logger } from '../../base/logger.ts';
import { loadPart } from '../../base/parts.ts';
import type { KeyValueStore } from '../../base/store.ts';
import type { Connection } from '../http/connection.ts';
import { StoredChoice } from './choice.ts';
import { ClusterRoute } from './cluster-route.ts';
import { UserCredentials } from './credentials.ts';
import { inClusterKubeconfig, SERVICE_ACCOUNT_FOLDER, type InClusterKubeconfig } from './in-cluster.ts';
import { FilesWatch } from './files-watch.ts';
import { kubeconfigFiles, mergeKubeconfigs, readKubeconfigs, type Kubeconfig } from './kubeconfig.ts';
import { loginOf, missing, pinned, refOf, type Found, type Loaded } from './look-up.ts';
import type { Environment } from '../tools/tool-path.ts';
import type { ClusterRef, KubeClient } from '../types.ts';
import type { ContextInfo, Contexts } from './types.ts';
import { LoginRenewal } from './renewal.ts';
import type { CommandRunner, ToolEnvironment } from '../tools/types.ts';

/** Tools write a kubeconfig in several steps. */
const SETTLE_MS = 150;

export interface ContextsOptions {
  readonly env: Environment;
  readonly home: string;
  /** Where relative kubeconfig paths of the setting and of `.env` start: the workspace. */
  readonly folder: () => string;
  /** The setting's file, looked up at each reading; empty counts as not set. */
  readonly kubeconfigSetting?: () => string | undefined;
  /** The values of the workspace's `.env`: NAMESPACE and KUBECONFIG count here. */
  readonly workspaceEnv?: () => Promise<Readonly<Record<string, string | undefined>>>;
  /** Files that are read after the person's own, such as the one of a demo cluster that this window started. */
  readonly alsoRead?: () => readonly string[];
  /** Where a pod finds its service account; the kubelet's place unless a test has another one. */
  readonly serviceAccount?: string;
  /** Runs the user's kubectl, which alone may renew a login in the kubeconfig; without it none is renewed. */
  readonly runner?: CommandRunner;
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createContexts(options: ContextsOptions): Contexts {
  return new KubeconfigContexts(options);
}

class KubeconfigContexts implements Contexts {
  readonly #options: ContextsOptions;
  readonly #choice: StoredChoice;
  readonly #changed = new Emitter<ClusterRef | undefined>();
  readonly #left = new Emitter<string>();
  readonly onDidLeave = this.#left.event;
  readonly #clients = new Map<string, Promise<KubeClient>>();
  #loading: Promise<Loaded> | undefined;
  readonly #watch: FilesWatch;
  readonly #renewal: LoginRenewal | undefined;
  #settling: Disposable | undefined;
  /** Key of the cluster that was last told to anybody. */
  #last: string | undefined;
  /** The kubeconfig of the pod that we run in. */
  #pod: Promise<InClusterKubeconfig | undefined> | undefined;
  readonly #lifetime = new AbortController();

  constructor(options: ContextsOptions) {
    this.#options = options;
    this.#choice = new StoredChoice(options.store);
    this.#watch = new FilesWatch(() => this.#settle(), options.logger);
    this.#renewal = options.runner && new LoginRenewal(options.runner);
  }

  async list(): Promise<readonly ContextInfo[]> {
    const { kubeconfig, files } = await this.#load();
    if (!kubeconfig) throw missing(files);
    return [...kubeconfig.contexts].map(([name, context]) => ({
      name,
      cluster: context.cluster,
      server: kubeconfig.clusters.get(context.cluster)?.server ?? '',
      user: context.user ?? '',
      namespace: context.namespace ?? 'default',
      current: name === kubeconfig.currentContext,
    }));
  }

  async current(): Promise<ClusterRef | undefined> {
    const cluster = this.#chosen(await this.#load());
    this.#last ??= keyOf(cluster);
    return cluster;
  }

  async select(context: string, namespace?: string): Promise<ClusterRef> {
    const loaded = await this.#load();
    const cluster = refOf(loaded, context, namespace);
    await this.#choice.set(cluster, loaded.passing.has(context));
    this.#tell(cluster);
    return cluster;
  }

  leave(context: string): Promise<void> {
    return this.#choice.leave(context);
  }

  onDidChange(listener: (cluster: ClusterRef | undefined) => void): Disposable {
    return this.#changed.event(listener);
  }

  client(cluster: ClusterRef): Promise<KubeClient> {
    const key = keyOf(cluster);
    const known = this.#clients.get(key);
    if (known) return known;
    const made = this.#connect(cluster);
    this.#clients.set(key, made);
    made.catch(() => this.#clients.delete(key));
    return made;
  }

  async toolEnvironment(cluster: ClusterRef): Promise<ToolEnvironment> {
    const loaded = await this.#load();
    const { kubeconfig } = pinned(loaded, cluster);
    return {
      env: { KUBECONFIG: kubeconfig.files.join(delimiter) },
      context: cluster.context,
      namespace: cluster.namespace,
    };
  }

  async reload(): Promise<void> {
    this.#loading = undefined;
    try {
      this.#tell(this.#chosen(await this.#load()));
    } catch (error) {
      this.#options.logger.warn(errorText(error));
      this.#tell(undefined);
    }
  }

  dispose(): void {
    this.#lifetime.abort();
    this.#settling?.dispose();
    this.#watch.dispose();
    this.#changed.dispose();
    this.#left.dispose();
    this.#pod?.then(
      (pod) => pod?.dispose(),
      () => {},
    );
    for (const client of this.#clients.values())
      client.then(
        (made) => made.dispose(),
        () => {},
      );
    this.#clients.clear();
  }

  #chosen(loaded: Loaded): ClusterRef | undefined {
    if (!loaded.kubeconfig) return undefined;
    const chosen = this.#choice.get();
    if (chosen) return refOf(loaded, chosen.context, chosen.namespace);
    const { currentContext } = loaded.kubeconfig;
    return currentContext === undefined ? undefined : refOf(loaded, currentContext, undefined);
  }

  #load(): Promise<Loaded> {
    if (this.#loading) return this.#loading;
    const loading = this.#read();
    this.#loading = loading;
    loading.catch(() => {
      if (this.#loading === loading) this.#loading = undefined;
    });
    return loading;
  }

  async #read(): Promise<Loaded> {
    const { env, home, folder, kubeconfigSetting, workspaceEnv, alsoRead } = this.#options;
    const workspace = await workspaceEnv?.();
    const own = kubeconfigFiles({
      setting: kubeconfigSetting?.(),
      workspace: workspace?.['KUBECONFIG'],
      folder: folder(),
      env,
      home,
    });
    const also = (alsoRead?.() ?? []).filter((file) => !own.includes(file));
    const files = [...own, ...also];
    if (!this.#lifetime.signal.aborted) this.#watch.watch(files);
    const [ofPerson, others] = await Promise.all([readKubeconfigs(own), readKubeconfigs(also)]);
    // In a pod the service account stands in for the kubeconfig that nobody brought.
    const pod = ofPerson.length === 0 ? await this.#inCluster() : undefined;
    const first = pod === undefined ? ofPerson : await readKubeconfigs([pod]);
    const kubeconfig = mergeKubeconfigs([...first, ...others]);
    await this.#leaveGone(kubeconfig);
    const lasting = mergeKubeconfigs(first)?.contexts;
    return {
      files,
      namespace: workspace?.['NAMESPACE'] || undefined,
      kubeconfig,
      passing: new Set(kubeconfig?.contexts.keys().filter((name) => lasting?.has(name) !== true)),
    };
  }

  /** A cluster that has ended took its file along: the window is not left on a context that is gone. */
  async #leaveGone(kubeconfig: Kubeconfig | undefined): Promise<void> {
    const choice = this.#choice.get();
    if (choice?.passing !== true || kubeconfig?.contexts.has(choice.context) === true) return;
    await this.leave(choice.context);
    this.#left.fire(choice.context);
  }

  async #inCluster(): Promise<string | undefined> {
    const { env, serviceAccount = SERVICE_ACCOUNT_FOLDER } = this.#options;
    this.#pod ??= inClusterKubeconfig(env, serviceAccount);
    return (await this.#pod)?.file;
  }

  /** Tells a change of the chosen cluster once. */
  #tell(cluster: ClusterRef | undefined): void {
    const key = keyOf(cluster);
    if (this.#lifetime.signal.aborted || key === this.#last) return;
    this.#last = key;
    this.#changed.fire(cluster);
  }

  async #connect(cluster: ClusterRef): Promise<KubeClient> {
    const { env, home, clock, logger } = this.#options;
    const { context } = cluster;
    const current = async (): Promise<Found> => pinned(await this.#load(), cluster);
    const { config } = await current();
    const route = new ClusterRoute({ context, env, cluster: async () => (await current()).config });
    const connection: Connection = {
      server: config.server,
      route: () => route.get(),
      credentials: new UserCredentials({
        context,
        env,
        home,
        clock,
        lifetime: this.#lifetime.signal,
        login: async () => loginOf(await current(), context),
        renew: () => this.#renew(cluster),
      }),
    };
    const { createKubeClient } = await loadPart(() => import('../client.ts'));
    return createKubeClient({ cluster, connection, clock, logger });
  }

  async #renew(cluster: ClusterRef): Promise<void> {
    if (this.#renewal === undefined) return;
    try {
      await this.#renewal.run(await this.toolEnvironment(cluster), this.#lifetime.signal);
    } finally {
      await this.reload();
    }
  }

  #settle(): void {
    this.#settling?.dispose();
    this.#settling = this.#options.clock.setTimer(SETTLE_MS, () => {
      this.reload().catch((error: unknown) => this.#options.logger.error('cannot read the kubeconfig again', error));
    });
  }
}

function keyOf(cluster: ClusterRef | undefined): string {
  return cluster === undefined ? '' : JSON.stringify([cluster.context, cluster.namespace, cluster.server]);
}
