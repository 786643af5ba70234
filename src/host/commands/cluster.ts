import { WorkbenchError } from '../../base/errors.ts';
import type { ContextInfo } from '../../kube/login/types.ts';
import { choose, enter } from '../ask/steps.ts';
import { placeOf } from '../../kube/place.ts';
import { clusterCommand, windowCommand, type ClusterCall, type CommandCall } from './definition.ts';

export const CLUSTER_COMMANDS = {
  'llmd.selectContext': windowCommand('llmd.selectContext', {
    ask: askContext,
    async run({ host }, context) {
      const current = host.session.cluster;
      if (current?.context === context.name) return;
      await host.workbench.contexts.select(context.name);
      await host.session.refresh();
    },
  }),
  'llmd.selectNamespace': clusterCommand('llmd.selectNamespace', {
    ask: askNamespace,
    async run({ host, cluster }, namespace) {
      await host.workbench.contexts.select(cluster.context, namespace);
      await host.session.refresh();
    },
  }),
  'llmd.showNodeTable': windowCommand('llmd.showNodeTable', {
    async run({ host }) {
      await host.panels.showNodeTable();
    },
  }),
  'llmd.createSecrets': clusterCommand('llmd.createSecrets', {
    confirm: ({ cluster }) =>
      Promise.resolve({
        message: `Write the secrets of the guides to ${placeOf(cluster)}?`,
        detail: `The tokens come from .env in the open folder (HF_TOKEN, GH_TOKEN) and are stored as Secrets in namespace ${cluster.namespace} of context ${cluster.context}. Your own secrets of the same names are replaced; when one of them is somebody else's, none is written.`,
        action: 'Write Secrets',
      }),
    async run({ host, cluster }) {
      const names = await host.jobs.run('Create secrets', ({ signal }) =>
        host.workbench.deployments.createSecrets(cluster, signal),
      );
      host.say(`Secrets written to ${placeOf(cluster)}: ${names.join(', ')}.`);
    },
  }),
};

async function askContext({ host, title }: CommandCall): Promise<ContextInfo | undefined> {
  const current = host.session.cluster;
  const answer = await choose<ContextInfo>({
    title,
    placeholder: 'Kept for this folder; the kubeconfig is not changed',
    async choices() {
      const contexts = await host.workbench.contexts.list();
      if (contexts.length === 0) {
        throw new WorkbenchError({
          code: 'kubeconfig-missing',
          message: 'no context was found in any kubeconfig',
          hint: 'Start the demo cluster, or name a file in the setting llmd.kubeconfig.',
        });
      }
      return contexts.map((context) => ({
        ...(context.name === current?.context ? { icon: 'check' } : {}),
        label: context.name,
        description: context.namespace,
        detail: `${context.server} as ${context.user}`,
        value: context,
      }));
    },
    last: (context) => context.name === current?.context,
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

const OTHER = Symbol('other');
const NAMESPACE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The namespaces that are known from pods, the current one first; any other can be typed, since listing them all is often not allowed. */
async function askNamespace({ host, title, cluster }: ClusterCall): Promise<string | undefined> {
  const current = cluster.namespace;
  const pods = host.workbench.inventory.snapshot?.pods.values().toArray() ?? [];
  const counts = Map.groupBy(pods, (pod) => pod.namespace);
  const known = [...new Set([current, ...counts.keys().toArray().sort()])];
  const answer = await choose<string | typeof OTHER>({
    title,
    placeholder: 'Kept for this folder; the kubeconfig is not changed',
    choices: () =>
      Promise.resolve([
        ...known.map((namespace) => ({
          ...(namespace === current ? { icon: 'check' } : {}),
          label: namespace,
          description: `${counts.get(namespace)?.length ?? 0} pods`,
          value: namespace,
        })),
        { icon: 'edit', label: 'Another namespace...', alwaysShow: true, value: OTHER },
      ]),
    last: (namespace) => namespace === current,
  });
  if (answer.kind !== 'answer') return undefined;
  if (answer.value !== OTHER) return answer.value;
  const typed = await enter({
    title,
    prompt: 'Name of the namespace',
    value: '',
    refuse: (text) => (NAMESPACE_NAME.test(text) ? undefined : 'Lower-case letters, digits and dashes, at most 63'),
  });
  return typed.kind === 'answer' ? typed.value : undefined;
}
