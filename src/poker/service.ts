import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parse } from 'yaml';
import { poll, type Clock } from '../base/clock.ts';
import { WorkbenchError } from '../base/errors.ts';
import { arrayAt, at, stringAt } from '../base/json.ts';
import { labels, manager } from '../base/labels.ts';
import { applyOurs, liveObject } from '../kube/access/apply-ours.ts';
import type { DeploymentService, LongCall } from '../deployment/types.ts';
import type { ClusterRef, KubeClient } from '../kube/types.ts';
import type { CommandRunner } from '../kube/tools/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import type { Pod } from '../kube/model/kinds.ts';
import { hasEnded, isDeleting, isReady, unscheduled } from '../kube/model/pod.ts';
import type { KubeObject } from '../kube/model/types.ts';
import { requireOurs } from '../kube/access/whose.ts';
import { callablePods } from './decode-pods.ts';
import { endpointVariables, pokerJustfile } from './justfile.ts';
import { pokerPod } from './pod-name.ts';
import type { Endpoint, PokerService, PokerStatus, ShellCommand } from './types.ts';
import { Pods } from '../kube/resources.ts';

/** zsh where the image has it, as the people who built the pod like it; else bash, else sh. */
const findShell = 'command -v zsh || command -v bash || command -v sh';

export interface PokerDependencies {
  readonly contexts: Contexts;
  readonly runner: CommandRunner;
  readonly manifests: string;
  readonly owner: () => string;
  readonly deployments: Pick<DeploymentService, 'list'>;
  /** The model that answers through a deployment's gateway, or undefined while none does. */
  readonly servedModel: (client: KubeClient, gateway: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly clock: Clock;
}

export function createPokerService(dependencies: PokerDependencies): PokerService {
  return new Poker(dependencies);
}

class Poker implements PokerService {
  readonly #dependencies: PokerDependencies;

  constructor(dependencies: PokerDependencies) {
    this.#dependencies = dependencies;
  }

  get #name(): string {
    return pokerPod(this.#dependencies.owner());
  }

  async status(cluster: ClusterRef, signal: AbortSignal): Promise<PokerStatus> {
    const pod = await this.#pod(cluster, 'look at the poker pod', signal);
    return pod === undefined ? { pod: this.#name, phase: 'absent', reason: undefined } : podStatus(pod);
  }

  async start(cluster: ClusterRef, { signal, progress }: LongCall): Promise<PokerStatus> {
    const client = await this.#dependencies.contexts.client(cluster);
    const before = await this.status(cluster, signal);
    if (before.phase === 'ready') return before;
    progress({ message: `starting pod ${this.#name}` });
    // A pod that ended or is being deleted never comes back by itself.
    if (before.phase === 'failed') await this.stop(cluster, { signal, progress });
    await applyOurs(client, await this.#manifest(cluster), {
      claim: { owner: this.#dependencies.owner() },
      doing: 'start the poker pod',
      signal,
    });
    return poll(this.#dependencies.clock, 500, signal, async () => {
      const now = await this.status(cluster, signal);
      progress({ message: `pod ${now.pod} is ${now.phase}${now.reason === undefined ? '' : `: ${now.reason}`}` });
      if (now.phase === 'failed') {
        throw new WorkbenchError({
          code: 'deployment-failed',
          message: `pod ${now.pod} in ${cluster.context}/${cluster.namespace} failed: ${now.reason ?? 'no reason given'}`,
          hint: `Run "kubectl --context ${cluster.context} --namespace ${cluster.namespace} describe pod ${now.pod}".`,
        });
      }
      return now.phase === 'ready' ? now : undefined;
    });
  }

  async stop(cluster: ClusterRef, { signal, progress }: LongCall): Promise<void> {
    const client = await this.#dependencies.contexts.client(cluster);
    const pod = await this.#pod(cluster, 'stop the poker pod', signal);
    if (pod === undefined) return;
    progress({ message: `deleting pod ${this.#name}` });
    await client.delete(Pods, cluster.namespace, this.#name, {
      ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }),
      signal,
    });
    await poll(this.#dependencies.clock, 500, signal, async () =>
      (await this.status(cluster, signal)).phase === 'absent' ? true : undefined,
    );
  }

  async shell(cluster: ClusterRef, endpoint: Endpoint | undefined, signal: AbortSignal): Promise<ShellCommand> {
    const client = await this.#dependencies.contexts.client(cluster);
    const kubectl = await this.#dependencies.runner.find('kubectl');
    if (kubectl === undefined) {
      throw new WorkbenchError({
        code: 'tool-missing',
        message: 'kubectl is not on the PATH',
        hint: 'Install kubectl, or set llmd.kubectlPath.',
      });
    }
    await this.#pod(cluster, 'open a shell in the poker pod', signal);
    const recipes = await readFile(join(this.#dependencies.manifests, 'poker', 'Justfile'), 'utf8');
    await client.execOutput({
      namespace: cluster.namespace,
      pod: this.#name,
      command: ['sh', '-c', 'cat > /app/Justfile'],
      stdin: Readable.from([pokerJustfile(recipes, endpoint)]),
      signal,
    });
    const found = await client.execOutput({
      namespace: cluster.namespace,
      pod: this.#name,
      command: ['sh', '-c', findShell],
      signal,
    });
    const tool = await this.#dependencies.contexts.toolEnvironment(cluster);
    const variables = endpoint
      ? Object.entries(endpointVariables(endpoint)).map(([name, value]) => `${name}=${value}`)
      : [];
    return {
      title: this.#name,
      file: kubectl,
      args: [
        '--context',
        tool.context,
        '--namespace',
        tool.namespace,
        'exec',
        '-it',
        this.#name,
        '--',
        'env',
        ...variables,
        found.stdout.toString('utf8').trim() || 'sh',
        '-l',
      ],
      env: tool.env,
      greeting: greeting(endpoint),
    };
  }

  async endpoint(cluster: ClusterRef, deployment: string | undefined, signal: AbortSignal): Promise<Endpoint> {
    const client = await this.#dependencies.contexts.client(cluster);
    const deployed = await this.#dependencies.deployments.list(cluster, signal);
    const chosen = deployment === undefined ? deployed[0] : deployed.find((each) => each.name === deployment);
    if (!chosen) {
      throw new WorkbenchError({
        code: 'not-ready',
        message:
          deployment === undefined
            ? `you have no deployment in ${cluster.context}/${cluster.namespace}`
            : `you have no deployment ${deployment} in ${cluster.context}/${cluster.namespace}`,
        hint: 'Run "llm-d: Deploy" first.',
      });
    }
    const { gateway, endpoint } = chosen;
    const model = gateway === undefined ? undefined : await this.#dependencies.servedModel(client, gateway, signal);
    if (model === undefined || endpoint === undefined) {
      throw new WorkbenchError({
        code: 'not-ready',
        message: `deployment ${chosen.name} in ${cluster.context}/${cluster.namespace} does not answer /v1/models through its gateway ${gateway ?? '(it has none)'}`,
        hint: 'Wait until it is ready ("llm-d: Wait Until Ready"), or look at its pods.',
      });
    }
    const labelSelector = `${labels.owner}=${chosen.owner},${labels.deployment}=${chosen.name},${labels.role}=decode`;
    const decode = await client.list(Pods, { namespace: cluster.namespace, labelSelector, signal });
    return {
      baseUrl: endpoint,
      model,
      decodePods: callablePods(decode),
    };
  }

  /** The pod of our name, once it is known to be ours: another person's is not read, entered or deleted. */
  async #pod(cluster: ClusterRef, doing: string, signal: AbortSignal): Promise<Pod | undefined> {
    const client = await this.#dependencies.contexts.client(cluster);
    const pod = await liveObject(client, { apiVersion: 'v1', kind: 'Pod', metadata: { name: this.#name } }, signal);
    if (pod !== undefined) requireOurs(pod, { owner: this.#dependencies.owner() }, cluster, doing);
    return pod;
  }

  async #manifest(cluster: ClusterRef): Promise<KubeObject> {
    const owner = this.#dependencies.owner();
    const text = await readFile(join(this.#dependencies.manifests, 'poker', 'pod.yaml'), 'utf8');
    const pod = parse(text.replaceAll('__POD__', this.#name).replaceAll('__OWNER__', owner)) as KubeObject;
    return {
      ...pod,
      metadata: {
        ...pod.metadata,
        namespace: cluster.namespace,
        labels: { ...pod.metadata.labels, [labels.managedBy]: manager, [labels.component]: 'poker' },
      },
    };
  }
}

function greeting(endpoint: Endpoint | undefined): string {
  if (!endpoint) return 'No model answers yet: BASE_URL and MODEL are not set.\r\n"just" lists the recipes.\r\n';
  const ips = endpoint.decodePods.map(({ ip }) => ip).join(' ');
  return `${endpoint.baseUrl} · ${endpoint.model}\r\ndecode ${ips} · "just" lists the recipes\r\n`;
}

function podStatus(pod: Pod): PokerStatus {
  const name = pod.metadata.name;
  if (isDeleting(pod)) return { pod: name, phase: 'failed', reason: 'it is being deleted' };
  const phase = stringAt(pod, 'status', 'phase');
  if (hasEnded(pod))
    return { pod: name, phase: 'failed', reason: stringAt(pod, 'status', 'reason') ?? `its shell ended (${phase})` };
  if (isReady(pod)) return { pod: name, phase: 'ready', reason: undefined };
  const waiting = arrayAt(pod, 'status', 'containerStatuses')
    .map((status) => at(status, 'state', 'waiting'))
    .find((state) => state !== undefined);
  return { pod: name, phase: 'starting', reason: stringAt(unscheduled(pod), 'message') ?? stringAt(waiting, 'reason') };
}
